"""Lists in pages of one moment of the log: what every list takes, and how it is answered."""

from collections.abc import Callable
from datetime import UTC
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.market.moments import since_epoch
from domain.runs.request import read_moment
from service.api.core import core_of
from service.http.conditional import entity_tag, unmodified
from service.http.cursors import CursorText, Place
from service.http.requests import require_within
from service.http.responses import json_response
from service.lists.order import ByCreation, ByMetric, Order
from service.lists.pages import Lists, View
from service.lists.selection import Selection
from service.lists.tables import searched

T = TypeVar("T")

CREATED_AT = "created_at"
LIST_HEADERS = ["Link", "X-Total-Count", "ETag"]
"""Those of every answered list."""

LimitedText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
TagText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=513)]
MomentText: TypeAlias = Annotated[str, Meta(max_length=64)]


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every list takes."""

    limit: Annotated[int, Meta(ge=1, le=200, description="how many on a page")] = 50
    cursor: Annotated[
        CursorText | None, Meta(description="where the page begins: from the `Link` of the last")
    ] = None
    strategy: Annotated[
        LimitedText | None, Meta(description="the strategy's name, as status objects have it")
    ] = None
    symbol: Annotated[LimitedText | None, Meta(description="one of the symbols")] = None
    tag: Annotated[
        TagText | None, Meta(description="a tag's name, or its name and value: `team:blue`")
    ] = None
    created_after: Annotated[
        MomentText | None, Meta(description="created then or later; ISO 8601, else UTC")
    ] = None
    created_before: Annotated[
        MomentText | None, Meta(description="created before; ISO 8601, else UTC")
    ] = None
    q: Annotated[
        LimitedText | None, Meta(description="words that are all in the name, whatever the case")
    ] = None
    order: Annotated[
        Literal["asc", "desc"], Meta(description="smallest first, or largest first")
    ] = "desc"
    at_position: Annotated[
        Annotated[int, Meta(ge=0, le=2**63 - 1)] | None,
        Meta(description="the list as that position of the log left it"),
    ] = None
    before: Annotated[
        Annotated[int, Meta(ge=1, le=2**63 - 1)] | None,
        Meta(description="only those that came before this one of the log: 1 is the first"),
    ] = None


class Asked(NamedTuple):
    """A list's query, read. ``sort``: ``created_at`` or a metric."""

    query: ListQuery
    state: str | None
    sort: str

    @property
    def selection(self) -> Selection:
        """What is wanted. Raises ``InvalidRequest`` for what is no moment."""
        query = self.query
        return Selection(
            state=self.state,
            strategy=query.strategy,
            symbol=query.symbol,
            tag=query.tag,
            created_from=_microseconds("created_after", query.created_after),
            created_before=_microseconds("created_before", query.created_before),
            words=tuple((searched(query.q) or "").split()),
            before=query.before,
        )

    @property
    def order(self) -> Order:
        """In which order it is wanted."""
        descending = self.query.order == "desc"
        return (
            ByCreation(descending) if self.sort == CREATED_AT else ByMetric(self.sort, descending)
        )


async def answer_list(
    request: Request,
    asked: Asked,
    lists: Lists[T],
    described: Callable[[T], Any],
    tag_parts: tuple[str | int, ...],
) -> Response:
    """A page, with where the next one is, how many there are, and the tag of all that.

    ``tag_parts`` identify what the page depends on beside the position that it is pinned to.
    """
    core, query = core_of(request), asked.query
    place = None
    if query.cursor is not None:
        place = core.cursors.read(query.cursor, paged(request.url.path, query))
        position = place.position
    elif query.at_position is not None:
        require_within("at_position", query.at_position, await core.store.head())
        position = query.at_position
    else:
        position = await lists.last_change()
    view = View(asked.selection, asked.order, position)
    tag = entity_tag(core.store.log_id, *tag_parts, position)
    if response := unmodified(request, tag):
        return response
    page = await lists.page(
        view,
        after=None if place is None else place.after,
        limit=query.limit,
        total=None if place is None else place.total,
    )
    following = Place(position, page.rows[-1].key, page.total) if page.more else None
    headers = {"ETag": tag, **page_headers(request, query, following, page.total)}
    return json_response([described(row.item) for row in page.rows], headers=headers)


def page_headers(
    request: Request, query: msgspec.Struct, following: Place | None, total: int
) -> dict[str, str]:
    """How many there are on all pages, and where the page is that begins at ``following``."""
    headers = {"X-Total-Count": str(total)}
    if following is not None:
        path = request.url.path
        cursor = core_of(request).cursors.write(paged(path, query), following)
        headers |= link_to_next(path, query, cursor=cursor)
    return headers


def link_to_next(path: str, query: msgspec.Struct, **cursor: Any) -> dict[str, str]:
    """The header ``Link: rel="next"``: the same query, but for the cursor."""
    return {"Link": f'<{path}?{urlencode(_given(query) | cursor)}>; rel="next"'}


def paged(path: str, query: msgspec.Struct) -> str:
    """What a cursor is of: the path, and all of the query but ``limit`` and the cursor itself."""
    given = _given(query)
    narrowed = {name: given[name] for name in sorted(given) if name not in ("limit", "cursor")}
    return f"{path}?{urlencode(narrowed)}"


def _given(query: msgspec.Struct) -> dict[str, Any]:
    # What was not said is not said again.
    defaults = {field.name: field.default for field in msgspec.structs.fields(query)}
    values = msgspec.structs.asdict(query)
    return {name: value for name, value in values.items() if value != defaults[name]}


def _microseconds(name: str, text: str | None) -> int | None:
    return None if text is None else since_epoch(read_moment(name, text, UTC))

"""Requests that depend on what the client knows already: entity tags (RFC 9110, 13)."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from service.http.errors import PreconditionFailedError
from service.http.responses import unmodified_response

LOG_ID_CHARACTERS = 12
RELEASE = version("backtape")


def entity_tag(log_id: str, *parts: str | int) -> str:
    """The strong tag of what ``parts`` identify within a log: versions, positions, a form.

    Every two representations that one URL has in one release must differ in a part. No part has
    a quote or a comma.
    """
    return f'"{"-".join((RELEASE, log_id[:LOG_ID_CHARACTERS], *map(str, parts)))}"'


def unmodified(request: Request, tag: str) -> Response | None:
    """The 304 for a client whose ``If-None-Match`` names ``tag``, or ``None``."""
    given = _given(request, b"if-none-match")
    if given is None or not (given == tag or tag in _listed(given.replace("W/", ""), tag)):
        return None
    return unmodified_response(tag)


def require_match(request: Request, tag: str) -> None:
    """Raise 412 where the client's ``If-Match`` does not name ``tag``."""
    given = _given(request, b"if-match")
    if given is not None and tag not in _listed(given, tag):
        raise PreconditionFailedError(
            f"If-Match: it has changed since; its ETag is now {tag}, look at it again"
        )


def _given(request: Request, header: bytes) -> str | None:
    # Straight from the scope: this is on the way of every poll.
    values = [value for name, value in request.scope["headers"] if name == header]
    return b",".join(values).decode("latin-1") if values else None


def _listed(given: str, tag: str) -> list[str]:
    return [tag if item.strip() == "*" else item.strip() for item in given.split(",")]

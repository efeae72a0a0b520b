"""Requests that depend on what the client knows already: entity tags (RFC 9110, 13)."""

from starlette.requests import Request
from starlette.responses import Response

from service.http.errors import PreconditionFailedError

CODINGS = ("gzip", "zstd")
LOG_ID_CHARACTERS = 12


def entity_tag(log_id: str, *parts: str | int) -> str:
    """The strong tag of what ``parts`` identify within a log: versions, positions, a form.

    Every two representations that one URL ever has must differ in a part. No part has a quote.
    """
    return f'"{"-".join((log_id[:LOG_ID_CHARACTERS], *map(str, parts)))}"'


def unmodified(request: Request, tag: str) -> Response | None:
    """The 304 for a client whose ``If-None-Match`` names ``tag``, or ``None``.

    A compressed form of the same counts as the same: its tag ends with its coding.
    """
    given = _given(request, b"if-none-match")
    if given is None:
        return None
    known = _listed(given, tag)
    return None if known is None else Response(status_code=304, headers={"ETag": known})


def require_match(request: Request, tag: str) -> None:
    """Raise 412 where the client's ``If-Match`` does not name ``tag``."""
    given = _given(request, b"if-match")
    if given is not None and _listed(given, tag, weakly=False) is None:
        raise PreconditionFailedError(
            f"If-Match: it has changed since; its ETag is now {tag}, look at it again"
        )


def _given(request: Request, header: bytes) -> str | None:
    # Straight from the scope: this is on the way of every poll.
    values = [value for name, value in request.scope["headers"] if name == header]
    return b",".join(values).decode("latin-1") if values else None


def _listed(given: str, tag: str, *, weakly: bool = True) -> str | None:
    if given == tag:
        return tag
    for item in given.split(","):
        named = item.strip()
        if named == "*":
            return tag
        opaque = named.removeprefix("W/") if weakly else named
        if opaque == tag or opaque in _compressed(tag):
            return opaque
    return None


def _compressed(tag: str) -> list[str]:
    return [f'{tag[:-1]}-{coding}"' for coding in CODINGS]

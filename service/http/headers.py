"""Every header that means something here: what it says and what it may hold."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from msgspec import Meta


class Header(NamedTuple):
    """What a header says. ``form`` is the type of its text, one that msgspec knows."""

    description: str
    form: Any = str


_Position = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Count = Annotated[int, Meta(ge=0)]

TAKEN: Mapping[str, Header] = {
    "X-Request-ID": Header("the client's own id for the request: 1 to 128 printable ASCII"),
    "Accept": Header("the media types that the client can use, the best with the highest q"),
    "Idempotency-Key": Header(
        "the client's own name for what it creates, in visible ASCII: sent again, it is answered as"
        " the first time",
        Annotated[str, Meta(max_length=255, pattern="^[!-~]+$")],
    ),
    "If-Match": Header("do it only while the thing still has this ETag"),
    "If-None-Match": Header("answer 304 where the thing still has this ETag"),
    "Last-Event-ID": Header("the cursor: the last event that the client has", _Position),
    "Prefer": Header("wait=N: answer when the run has ended, or after N seconds"),
    "X-Min-Log-Position": Header("never answer from before this position of the log", _Position),
}
"""What requests may carry beside their keys."""

ANSWERED: Mapping[str, Header] = {
    "X-Request-ID": Header("the request's id, under which the server's log has it"),
    "X-Log-Id": Header("the id of the log that the answer is from"),
    "X-Log-Head": Header("the last event, or position, there was", _Position),
    "X-Log-Position": Header(
        "the position of the log that the answer is of: what was written is there or before",
        _Position,
    ),
    "X-RateLimit-Limit": Header("how many requests fit into a window", _Count),
    "X-RateLimit-Remaining": Header("how many are left", _Count),
    "X-RateLimit-Reset": Header("when all of them are left again, in Unix seconds", _Count),
    "X-Total-Count": Header("how many there are on all pages together", _Count),
    "ETag": Header("names this version of the thing"),
    "Idempotency-Replayed": Header("true where the answer is that of an earlier request"),
    "Link": Header('where the next page is, as rel="next"'),
    "Location": Header("the path of what was created, or where to go on"),
    "Preference-Applied": Header("the preference that was honoured"),
    "Retry-After": Header("in how many seconds to try again", _Count),
    "Vary": Header("the request headers that the form of the answer hangs on"),
    "Content-Encoding": Header("how the answer is compressed"),
    "Content-Disposition": Header("the name of the file to keep it in"),
    "Allow": Header("the methods that the path has"),
    "WWW-Authenticate": Header("how to authenticate"),
}
"""What answers may carry, beside what HTTP and security demand of every server."""

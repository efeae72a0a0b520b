"""What a client would like, if it can be had: the header ``Prefer`` (RFC 7240)."""

from starlette.requests import Request

WAIT_SECONDS_MAX = 50  # proxies and clients give up after a minute


def preferred_wait(request: Request) -> int | None:
    """How many seconds the client would wait for the end, at most ``WAIT_SECONDS_MAX``.

    ``None`` where it does not say. As the RFC has it, the first ``wait`` counts, and a preference
    that is not understood is as if it were not there.
    """
    for item in ",".join(request.headers.getlist("prefer")).split(","):
        preference, *_ = item.split(";")
        name, _, value = preference.partition("=")
        if name.strip().lower() == "wait":
            seconds = value.strip().strip('"')
            if not (seconds.isascii() and seconds.isdigit()):
                return None
            return WAIT_SECONDS_MAX if len(seconds) > 9 else min(int(seconds), WAIT_SECONDS_MAX)
    return None

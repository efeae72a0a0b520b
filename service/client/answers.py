"""What a service's refusal means to a client."""

from typing import Any

import httpx2
import msgspec

from service.client.errors import ClientError, NoAnswer, NothingThere

COME_BACK = {409, 503}
"""Where the answer says when to: the same request is under way, or the service is not ready."""


def refusal_of(response: httpx2.Response) -> ClientError:
    """The error that says what the service has said."""
    detail = _detail(response)
    if response.status_code == 404:
        return NothingThere(detail)
    if response.status_code in COME_BACK and "Retry-After" in response.headers:
        return NoAnswer(detail)
    return ClientError(detail)


def _detail(response: httpx2.Response) -> str:
    try:
        answer = msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        answer = {}
    return str(answer.get("detail", f"the service answered {response.status_code}"))

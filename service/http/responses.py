"""JSON responses."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """``value`` as UTF-8 JSON. What is not a finite number is ``null``."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")

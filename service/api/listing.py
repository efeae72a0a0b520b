"""Lists in pages: where the next one is."""

from typing import Any
from urllib.parse import urlencode

import msgspec


def link_to_next(path: str, query: msgspec.Struct, **cursor: Any) -> dict[str, str]:
    """The header ``Link: rel="next"``: the same query, but for the cursor."""
    following = msgspec.structs.asdict(query) | cursor
    given = {name: value for name, value in following.items() if value is not None}
    return {"Link": f'<{path}?{urlencode(given)}>; rel="next"'}

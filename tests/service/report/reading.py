"""A page as a browser reads it, without one."""

from html.parser import HTMLParser
from typing import Any

import msgspec


class Reader(HTMLParser):
    """What a browser makes of a page: elements with their attributes, texts, scripts."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data

    @property
    def charts(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.scripts[0])
        return found

"""Answers that are sent as they are read from temporary files."""

from collections.abc import Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.http.operations import JSON
from service.long_document import LongDocument


class LongResponse(StreamingResponse):
    """A long document, let go of whatever becomes of the client."""

    def __init__(
        self,
        document: LongDocument,
        media_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(document.pieces, headers=headers, media_type=media_type)
        self._files = document.files
        if document.length is not None:
            self.headers["Content-Length"] = str(document.length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the document and close its files."""
        with self._files:
            await super().__call__(scope, receive, send)

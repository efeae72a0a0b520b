"""Files that a command writes: there whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(output: Path) -> Iterator[BinaryIO]:
    """Open a draft beside ``output`` that takes its place once all is written."""
    draft = output.with_name(output.name + ".part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)

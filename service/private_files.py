"""Files for their owner's eyes only: whole from the moment they are there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OTHERS = 0o077
"""The mode bits of those whom such a file does not concern."""


@contextmanager
def private_draft(path: Path, content: bytes) -> Iterator[Path]:
    """Write ``content`` to a file beside ``path`` and on to the disk, to be put in its place.

    What is left of the draft is gone afterwards.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)

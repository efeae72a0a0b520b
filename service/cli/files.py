"""Files that a command writes: there whole, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(output: Path) -> Iterator[BinaryIO]:
    """Open a draft beside ``output`` that takes its place once all is written.

    Raises ``OSError`` that names ``output``.
    """
    draft = output.with_name(output.name + ".part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        if error.errno is None:  # none of the file system's
            raise
        raise OSError(error.errno, error.strerror, str(output)) from error
    finally:
        with suppress(OSError):  # it could not be made
            draft.unlink(missing_ok=True)

"""The lock file that lets one process at a time write a log."""

import fcntl
import os
from pathlib import Path
from typing import IO

from eventstore.errors import LogLocked, OpenFailed


class LockFile:
    """An exclusive ``flock`` on ``<log>.lock``, with the holder's pid inside.

    The kernel drops the lock when the process ends, however it ends. The file stays: deleting it
    would let two processes lock two different files of the same name.
    Raises ``LogLocked``, and ``OpenFailed`` where the file cannot be made.
    """

    def __init__(self, log: Path) -> None:
        self._file = _lock(log.with_name(log.name + ".lock"))
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Let the next process in."""
        self._file.truncate(0)
        self._file.close()


def _lock(path: Path) -> IO[bytes]:
    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise OpenFailed(f"the lock file {path} cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with file:
            file.seek(0)
            pid = file.read().strip()
        raise LogLocked(path, int(pid) if pid.isdigit() else None) from None
    return file

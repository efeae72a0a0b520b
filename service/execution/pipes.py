"""The pipes of a process that runs a user's code."""

import os
import sys
from typing import BinaryIO, NoReturn


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the conversation with the service; give copies of them.

    A strategy that reads, prints or leaves a process behind must not reach into the frames: the
    copies are not inherited, and what takes their places is harmless.
    """
    commands = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return commands, replies


def reply(pipe: BinaryIO, frame: bytes) -> None:
    """Write a whole frame; where nobody reads it any more, the process ends without a word."""
    try:
        pipe.write(frame)
        pipe.flush()
    except ConnectionError:  # broken, or reset where something was left unread
        leave()


def leave() -> NoReturn:
    """End at once, whatever the process is doing: the service is gone."""
    os._exit(0)

"""Which API keys the servers of this session were given, and whether they wrote one of them.

What they wrote to files, logs and data alike, lies in the session's temporary folder; what they
wrote to a test's own output is told here as the test ends.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

LENGTH_MIN = 8  # a shorter key is an ordinary word somewhere
PIECE_BYTES, OVERLAP_BYTES = 4 << 20, 1024
MADE = re.compile(rb"backtape_[0-9a-f]{64}")

GIVEN: set[str] = set()
WRITTEN: set[str] = set()
"""The keys that were seen where none should be, and where."""


def given(keys: Iterable[str]) -> None:
    """Servers are told these keys."""
    GIVEN.update(key for key in keys if len(key) >= LENGTH_MIN)


def given_by(environment: Mapping[str, str]) -> None:
    """A server is started in this environment."""
    for name in ("BACKTAPE_API_KEY", "GLOWBACK_API_KEY"):
        given(key.strip() for key in environment.get(name, "").split(","))


def files_with_keys(folder: Path, keys: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Each file of the folder that holds one of the keys, or one that was made, and which."""
    spelled = _spelled(keys)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found = {key for piece in _pieces(path) for key in _found(piece, spelled)}
            yield from ((path, key) for key in sorted(found))


def written(text: str, where: str) -> None:
    """Servers wrote this."""
    WRITTEN.update(f"{key} in {where}" for key in keys_in(text, GIVEN))


def keys_in(text: str, keys: Iterable[str]) -> list[str]:
    """Which of the keys a text holds, and which that were made."""
    return _found(text.encode(errors="replace"), _spelled(keys))


def _found(text: bytes, spelled: Mapping[bytes, str]) -> list[str]:
    found = [key for spelling, key in spelled.items() if spelling in text]
    return found + [made[0].decode() for made in MADE.finditer(text)]


def _pieces(path: Path) -> Iterator[bytes]:
    """The file in pieces that overlap, so that no key is cut in two in all of them."""
    before = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield before + piece
            before = piece[-OVERLAP_BYTES:]


def _spelled(keys: Iterable[str]) -> dict[bytes, str]:
    return {
        spelling.encode(): key
        for key in keys
        for spelling in (key, quote(key), quote(key, safe=""))
    }

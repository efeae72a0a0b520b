"""Where users' strategies are: in installed packages and in a folder of files."""

import re
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from domain.errors import InvalidRequest
from domain.strategies.code import Code, UnusableCode
from domain.strategies.description import Source
from domain.strategies.registry import BUILT_IN, ENTRY_POINT_GROUP

SOURCE_BYTES_MAX = 1024 * 1024
_FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Entry(NamedTuple):
    """A strategy by name, and where it comes from."""

    name: str
    source: Source


class Library:
    """All strategies there are at the moment: it is read anew each time.

    A file ``above_mean.py`` in ``folder`` is the strategy ``above_mean``; files whose names begin
    with an underscore or a dot are none. A folder that does not exist holds none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def entries(self) -> list[Entry]:
        """List every strategy by name, without executing any code of a user's.

        Where two have a name, the first is the one that runs: built-in, then installed.
        """
        files = [] if self._folder is None else self._folder.glob("[!_.]*.py")
        return sorted(
            {
                *(Entry(name, "built_in") for name in BUILT_IN),
                *(Entry(name, "installed") for name in entry_points(group=ENTRY_POINT_GROUP).names),
                *(Entry(file.stem, "file") for file in files),
            },
            key=lambda entry: (entry.name, ("built_in", "installed", "file").index(entry.source)),
        )

    def find(self, name: str) -> Entry:
        """The strategy that runs under ``name``. Raises ``InvalidRequest`` that lists them all."""
        entries = self.entries()
        for entry in entries:
            if entry.name == name:
                return entry
        names = ", ".join(dict.fromkeys(entry.name for entry in entries))
        raise InvalidRequest("strategy.name", f"unknown strategy {name!r}; there are {names}")

    def code(self, entry: Entry) -> Code:
        """Read a user's strategy; packages around an installed one are imported for that.

        Raises ``UnusableCode``.
        """
        running = self.find(entry.name)
        if running != entry:
            whose = running.source.replace("_", "-")
            raise UnusableCode(f"is the name of a strategy that is {whose}: rename the file")
        if entry.source == "installed":
            (installed, *_) = entry_points(group=ENTRY_POINT_GROUP, name=entry.name)
            return _code_of_installed(installed)
        assert self._folder is not None
        return _code_of_file(self._folder / f"{entry.name}.py")

    def digest(self, entry: Entry) -> str | None:
        """SHA-256 of a file's bytes, hexadecimal; ``None`` where ``entry`` is no file to load."""
        try:
            return self.code(entry).sha256 if entry.source == "file" else None
        except (UnusableCode, InvalidRequest):
            return None


def _code_of_file(path: Path) -> Code:
    if not _FILE_NAME.fullmatch(path.stem):
        raise UnusableCode("has a file name with more than letters, digits, _ and -: rename it")
    return Code(path.stem, "", _read(path))


def _code_of_installed(entry: EntryPoint) -> Code:
    try:
        spec = find_spec(entry.module)
    except BaseException as error:
        raise UnusableCode(f"cannot be loaded: {type(error).__name__}: {error}") from error
    if spec is None:
        problem = f"ModuleNotFoundError: No module named {entry.module!r}"
        raise UnusableCode(f"cannot be loaded: {problem}")
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise UnusableCode(f"({entry.value}) is no Python source, which the log could keep")
    return Code(entry.value, spec.parent or "", _read(Path(spec.origin)))


def _read(path: Path) -> bytes:
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UnusableCode(f"cannot be read: {error.strerror}") from error
    if len(source) > SOURCE_BYTES_MAX:
        raise UnusableCode(f"has {len(source):,} bytes of source; at most {SOURCE_BYTES_MAX:,}")
    return source

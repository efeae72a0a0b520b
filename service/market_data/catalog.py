"""The Parquet catalog: a file for each symbol and resolution, one for a symbol's actions."""

from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.market.resample import resample
from domain.market.resolution import Resolution
from service.market_data.errors import MissingData
from service.market_data.parquet import (
    ENTRY_KEY,
    SUFFIX,
    Entry,
    opened,
    read_action_rows,
    read_entry,
    read_range,
    replace_file,
)
from service.market_data.session_range import session_range, spelled

ACTIONS = "actions"


class Loaded(msgspec.Struct, frozen=True):
    """Bars as asked for. ``source``: the resolution of the file that they were made from.

    ``notes``: what the asker should know, a sentence each: that the bars were resampled, that the
    catalog's bars begin after the asked start or end before the asked end.
    """

    bars: Bars
    source: Resolution
    notes: tuple[str, ...]


class Catalog:
    """The bars under ``path``, as ``<resolution>/<symbol>.parquet``; need not exist yet.

    Corporate actions, of any resolution, are in ``actions/<symbol>.parquet``. Symbols are
    percent-encoded in file names, so that no symbol can name another folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def symbols(self) -> list[str]:
        """Every symbol that has a file, sorted; reads folder listings only."""
        return sorted({symbol for symbol, _ in self._listing()})

    def entries(self) -> list[Entry]:
        """Describe every file, by symbol and then finest resolution first, from its footer.

        Raises ``UnreadableFile``.
        """
        return [self._entry(symbol, resolution) for symbol, resolution in self._listing()]

    def holds(self, symbol: str, resolution: Resolution) -> bool:
        """Say whether there is a file of exactly these bars."""
        return self._file(symbol, resolution.value).exists()

    def write(self, bars: Bars, resolution: Resolution) -> Entry:
        """Put ``bars`` in the place of all that the catalog held of their symbol and resolution.

        There is at least one, and they are valid (``domain.market.validation``). A reader, or a
        crash, finds either the old file or the new one, whole.
        """
        first, last = int(bars.timestamp[0]), int(bars.timestamp[-1])
        entry = Entry(bars.symbol, resolution, len(bars), first, last)
        summary = {ENTRY_KEY: msgspec.json.encode(entry).decode()}
        replace_file(self._file(bars.symbol, resolution.value), bars.frame(), **summary)
        return entry

    def write_actions(self, actions: Actions) -> None:
        """Put ``actions`` in the place of all that the catalog held of their symbol.

        They are valid (``domain.market.validation``).
        """
        replace_file(self._file(actions.symbol, ACTIONS), actions.frame())

    def actions(self, symbol: str) -> Actions:
        """All corporate actions of ``symbol``, none if there is no file of them.

        Raises ``UnreadableFile``.
        """
        path = self._file(symbol, ACTIONS)
        if not path.exists():
            return Actions.none(symbol)
        with opened(self._path, path) as file:
            return read_action_rows(file, symbol)

    def acting_symbols(self) -> list[str]:
        """Every symbol that has a file of corporate actions, sorted."""
        return sorted(_symbol(file) for file in (self._path / ACTIONS).glob(f"*{SUFFIX}"))

    def load(
        self, symbol: str, resolution: Resolution, start: int, end: int, timezone: str
    ) -> Loaded:
        """Read the bars that ``session_range`` finds between ``start`` and ``end``, inclusive.

        ``start``, ``end``: microseconds since the Unix epoch, UTC. Without a file of this
        resolution the coarsest finer one is resampled, into days by the clock of ``timezone`` (an
        IANA name); bars at the edges of the range are whole. Raises ``MissingData`` if there are
        no such bars, ``UnreadableFile``.
        """
        start, end = session_range(start, end, resolution, timezone)
        source = self._source(symbol, resolution)
        if source is None:
            raise self._missing(symbol, resolution, start, end)
        # Wide enough that every bar of the range is whole, wherever the timezone's days begin.
        margin = 0 if source is resolution else resolution.microseconds
        with opened(self._path, self._file(symbol, source.value)) as file:
            entry = read_entry(file, symbol, source)
            found = read_range(file, symbol, start - margin, end + 2 * margin)
        reached = found if source is resolution else resample(found, source, resolution, timezone)
        bars = reached.between(start, end)
        if not len(bars):
            raise self._missing(symbol, resolution, start, end)
        notes = _resampled(symbol, resolution, source)
        if entry.first == found.timestamp[0]:
            notes += begins_late(reached, resolution, start)
        if entry.last == found.timestamp[-1]:
            notes += ends_early(reached, resolution, end)
        return Loaded(bars, source, notes)

    def _source(self, symbol: str, resolution: Resolution) -> Resolution | None:
        candidates = (resolution, *resolution.finer())
        return next((each for each in candidates if self.holds(symbol, each)), None)

    def _missing(self, symbol: str, resolution: Resolution, start: int, end: int) -> MissingData:
        held = [self._entry(symbol, each) for each in Resolution if self.holds(symbol, each)]
        spans = tuple(entry.span() for entry in held)
        return MissingData(symbol, resolution, start, end, spans, tuple(self.symbols()))

    def _entry(self, symbol: str, resolution: Resolution) -> Entry:
        with opened(self._path, self._file(symbol, resolution.value)) as file:
            return read_entry(file, symbol, resolution)

    def _file(self, symbol: str, folder: str) -> Path:
        return self._path / folder / f"{quote(symbol, safe='')}{SUFFIX}"

    def _listing(self) -> list[tuple[str, Resolution]]:
        found = [
            (_symbol(file), resolution)
            for resolution in Resolution
            for file in (self._path / resolution.value).glob(f"*{SUFFIX}")
        ]
        return sorted(found, key=lambda pair: pair[0])


def _symbol(file: Path) -> str:
    return unquote(file.name.removesuffix(SUFFIX))


def _resampled(symbol: str, resolution: Resolution, source: Resolution) -> tuple[str, ...]:
    if source is resolution:
        return ()
    return (f"{symbol}: {resolution.value} bars were made from {source.value} bars",)


def begins_late(bars: Bars, resolution: Resolution, start: int) -> tuple[str, ...]:
    """What a run is told where its bars begin after the ``start`` that was asked for."""
    first = int(bars.timestamp[0])
    if first <= start:
        return ()
    begin, asked = spelled(first, resolution), spelled(start, resolution)
    return (f"{bars.symbol}: bars begin on {begin}, after the asked start {asked}",)


def ends_early(bars: Bars, resolution: Resolution, end: int) -> tuple[str, ...]:
    """What a run is told where a whole bar is wanting before the ``end`` that was asked for."""
    last = int(bars.timestamp[-1])
    if last + max(resolution.microseconds, 1) > end:
        return ()
    finish, asked = spelled(last, resolution), spelled(end, resolution)
    return (f"{bars.symbol}: bars end on {finish}, before the asked end {asked}",)

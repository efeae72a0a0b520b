"""What is kept of a golden run, on disk and in memory.

``runs/NAME/inputs.json`` has the request, the bars and the actions; ``strategy.py`` is there where
the strategy is a user's own; ``events.jsonl`` has an event a line, its attachment in base64.
"""

from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from domain.engine.simulate import simulate
from domain.market.actions import ACTION_COLUMNS, Actions
from domain.market.bars import COLUMNS, Bars
from domain.runs.events import EncodedEvent
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, normalise
from domain.strategies.code import Code

RUNS = Path(__file__).parent / "runs"
VERSION = "golden"


class Inputs(msgspec.Struct, frozen=True):
    """Everything that a run is made from; columns as lists, by symbol."""

    request: BacktestRequest
    bars: dict[str, dict[str, list[float]]]
    actions: dict[str, dict[str, list[float]]] = {}


class Line(msgspec.Struct, frozen=True):
    """One event as it is kept."""

    type: str
    payload: str
    attachment: str | None


def names() -> list[str]:
    """Every golden run that is kept."""
    return sorted(folder.name for folder in RUNS.iterdir() if folder.is_dir())


def simulated(name: str) -> list[EncodedEvent]:
    """Run it anew. What names versions in the manifest is the same for every installation."""
    folder = RUNS / name
    inputs = msgspec.json.decode((folder / "inputs.json").read_bytes(), type=Inputs)
    code = _code(folder / "strategy.py")
    request = normalise(inputs.request, code)
    provided = {symbol: _provided(symbol, inputs) for symbol in inputs.bars}
    data = [provided[symbol] for symbol in request.symbols]
    benchmark = provided[request.benchmark_symbol] if request.benchmark_symbol else None
    manifest = msgspec.structs.replace(
        describe(request, data, benchmark, [], code), engine=VERSION, python=VERSION, libraries={}
    )
    batches = simulate(
        manifest,
        [each.bars for each in data],
        benchmark.held(request) if benchmark else None,
        [each.acting() for each in data],
        code=code,
    )
    return [event for batch in batches for event in batch]


def stored(name: str) -> list[EncodedEvent]:
    """Every event as it is kept."""
    lines = (RUNS / name / "events.jsonl").read_bytes().splitlines()
    decoded = [msgspec.json.decode(line, type=Line) for line in lines]
    return [
        EncodedEvent(
            line.type,
            line.payload.encode(),
            None if line.attachment is None else b64decode(line.attachment),
        )
        for line in decoded
    ]


def keep_inputs(name: str, inputs: Inputs, strategy: str | None) -> None:
    """Write what a run is made from."""
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(inputs), indent=0)
    (folder / "inputs.json").write_bytes(text + b"\n")
    if strategy is not None:
        (folder / "strategy.py").write_text(strategy)


def keep_events(name: str) -> None:
    """Run it and write every event."""
    lines = [
        msgspec.json.encode(Line(event.type, event.payload.decode(), _text(event.attachment)))
        for event in simulated(name)
    ]
    (RUNS / name / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def digest() -> str:
    """Sixteen digits for all golden runs together; any byte of any of them changes it."""
    found = sha256()
    for name in names():
        for file in sorted((RUNS / name).iterdir()):
            found.update(f"{name}/{file.name}\n".encode())
            found.update(sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _provided(symbol: str, inputs: Inputs) -> Provided:
    bars = Bars(symbol, *_columns(inputs.bars[symbol], COLUMNS))
    given = inputs.actions.get(symbol)
    actions = None if given is None else Actions(symbol, *_columns(given, ACTION_COLUMNS))
    return Provided(bars, "catalog", actions=actions)


def _columns(given: dict[str, list[float]], columns: tuple[str, ...]) -> list[Any]:
    times = np.array(given["timestamp"]).astype(np.int64)
    return [times, *(np.array(given[name], dtype=np.float64) for name in columns[1:])]


def _code(file: Path) -> Code | None:
    return Code(file.stem, "", file.read_bytes()) if file.exists() else None


def _text(attachment: bytes | None) -> str | None:
    return None if attachment is None else b64encode(attachment).decode()

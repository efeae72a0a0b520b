"""A file's strategy run on made-up prices, and searched for look-ahead, in a process of its own.

Run as ``python -P -m service.strategies.examination FILE PARAMS MOMENTS SEED MEMORY_MIB_MAX``.
"""

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from domain.engine.leaks import Report
from domain.engine.lookahead import Data, search
from domain.errors import DomainError, InvalidRequest
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies.code import UnusableCode
from service.execution.environment import without_keys
from service.execution.job import failure, prepare, source_of
from service.execution.memory import limit_memory
from service.execution.pipes import leave, private_pipes, reply
from service.market_data.catalog import Catalog
from service.settings import Settings
from service.strategies.library import Entry, Library

READY = b"\n"  # all is imported: from here on it is the strategy that takes time


class Refusal(msgspec.Struct, frozen=True):
    """Why there is no report."""

    refused: str


async def examine_apart(
    file: Path, params: dict[str, Any], moments: int, seed: int, settings: Settings
) -> bytes:
    """Search four years of daily prices of two symbols within the limits of a run.

    Gives the report as JSON. Raises ``DomainError`` for a file that cannot be used, parameters that
    it refuses, a strategy that fails on these prices, exceeds a limit or ends its process.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "service.strategies.examination", file),
        *(msgspec.json.encode(params), str(moments), str(seed), str(settings.run_memory_mib_max)),
        stdin=asyncio.subprocess.PIPE,  # it leaves when this ends
        stdout=asyncio.subprocess.PIPE,
        env=without_keys(),
        start_new_session=True,  # with Ctrl-C it is ended from here, and all that it has started
    )
    assert process.stdout is not None
    try:
        await process.stdout.read(len(READY))
        async with asyncio.timeout(settings.run_seconds_max):
            answer = await process.stdout.read()
            await process.wait()
    except TimeoutError:
        limit = f"{settings.run_seconds_max} seconds (BACKTAPE_RUN_SECONDS_MAX)"
        raise DomainError(f"{file}: the check took more than {limit}: does it ever end?") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode or not answer:
        raise DomainError(f"{file}: the strategy ended its process ({_how(process.returncode)})")
    return _report(answer)


def _report(answer: bytes) -> bytes:
    try:
        refusal = msgspec.json.decode(answer, type=Refusal)
    except msgspec.ValidationError:
        return answer
    raise DomainError(refusal.refused)


def _how(code: int | None) -> str:
    return f"signal {-code}" if code and code < 0 else f"exit status {code}"


def examine(file: Path, params: dict[str, Any], moments: int, seed: int) -> Report:
    """Do it in this process. Raises ``DomainError`` and whatever else goes wrong."""
    if file.suffix != ".py" or file.stem.startswith(("_", ".")):
        problem = "is no file of a strategy, whose name ends in .py and does not begin with _ or ."
        raise InvalidRequest(str(file), problem)
    entry = Entry(file.stem, "file")
    asked = BacktestRequest(
        symbols=["FIRST", "SECOND"],
        start_date="2020-01-01",
        end_date="2023-12-31",
        strategy=StrategySpec(entry.name, params),
        data_source="synthetic",
    )
    try:
        code = Library(file.parent).code(entry)
        request = normalise(asked, code)
    except (UnusableCode, InvalidRequest) as error:
        unusable = error if isinstance(error, UnusableCode) else error.__cause__
        if not isinstance(unusable, UnusableCode):
            raise
        raise InvalidRequest(str(file), str(unusable)) from unusable
    inputs = prepare(request, source_of(Catalog(file.parent), "fail"), code)
    data = Data(inputs.bars, inputs.benchmark, inputs.actions)
    return search(inputs.manifest, data, code, moments=moments, seed=seed)


def _leave_with(asker: BinaryIO) -> None:
    asker.read()
    leave()


def main() -> None:
    """Write the report or a ``Refusal`` to standard output; what the strategy prints goes beside.

    Whatever the strategy is doing, the process ends with the one that asked.
    """
    asker, answers = private_pipes()
    threading.Thread(target=_leave_with, args=[asker], daemon=True).start()
    file, params, moments, seed, memory_mib_max = sys.argv[1:]
    limit_memory(int(memory_mib_max))
    reply(answers, READY)
    try:
        report = examine(Path(file), msgspec.json.decode(params), int(moments), int(seed))
        answer = msgspec.json.encode(report)
    except Exception as error:
        answer = msgspec.json.encode(Refusal(failure(error, "running").error))
    reply(answers, answer)
    leave()  # threads that the strategy left running would wait for nothing


if __name__ == "__main__":
    main()

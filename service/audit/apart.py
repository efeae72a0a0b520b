"""A run of a user's own code, simulated again in a process of its own: it may end that process.

Run as ``python -P -m service.audit.apart LOG MARKET_FOLDER STREAM MEMORY_MIB``.
"""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from domain.errors import DomainError
from domain.runs.events import Failed, decode
from eventstore.findings import Finding
from eventstore.store import EventStore
from service.audit.reexecution import Reexecution, reexecute
from service.execution.environment import without_keys
from service.execution.memory import limit_memory
from service.market_data.catalog import Catalog
from service.settings import Settings


async def reexecute_apart(store: EventStore, stream: str, settings: Settings) -> Reexecution:
    """Do as ``reexecute`` does, within the limits of a run, whatever becomes of the process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "service.audit.apart"),
        *(str(settings.log_path), str(settings.market_path), stream),
        str(settings.run_memory_mib_max),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=without_keys(),
    )
    try:
        async with asyncio.timeout(settings.run_seconds_max):
            answer, _ = await process.communicate()
        return msgspec.json.decode(answer, type=Reexecution)
    except TimeoutError:
        how = f"took longer than {settings.run_seconds_max} s"
    except msgspec.DecodeError:
        how = f"ended with status {process.returncode} and said nothing"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return await _without_an_answer(store, stream, how)


async def _without_an_answer(store: EventStore, stream: str, how: str) -> Reexecution:
    head = await store.head(stream)
    (last,) = await store.read(stream, head - 1, 1, attachments=False)
    try:
        ending = decode(last.type, last.payload)
    except (DomainError, msgspec.MsgspecError):
        ending = None
    said = f"its strategy was run again in a process of its own, which {how}"
    if isinstance(ending, Failed):
        return Reexecution(notes=[f"{stream}: it failed ({ending.error}); {said}"])
    return Reexecution(findings=[Finding(check="reexecution", stream=stream, reason=said)])


async def _answer(log: Path, market: Path, stream: str) -> bytes:
    async with await EventStore.open(log, read_only=True) as store:
        return msgspec.json.encode(await reexecute(store, stream, Catalog(market)))


def main() -> None:
    """Write the outcome to standard output; the strategy's own output goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    log, market, stream, memory_mib_max = sys.argv[1:]
    limit_memory(int(memory_mib_max))
    answer = asyncio.run(_answer(Path(log), Path(market), stream))
    with answers:
        answers.write(answer)


if __name__ == "__main__":
    main()

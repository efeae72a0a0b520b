"""Other processes: one writes, many read, and any may be killed at any moment."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from eventstore.chain import verify, without_gaps
from eventstore.errors import LogLocked
from eventstore.events import NewEvent
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")

APPENDERS = """
import asyncio, sys
from eventstore.events import NewEvent
from eventstore.store import EventStore

async def appender(store, stream):
    version = 0
    while True:
        size = 1 + version % 3
        events = [NewEvent("log", b"x" * 300, b"tape")] * size
        appended = await store.append(stream, events, version)
        version = appended.version
        print(stream, version, appended.position, flush=True)

async def main():
    async with await EventStore.open(sys.argv[1]) as store:
        await asyncio.gather(*(appender(store, f"s{number}") for number in range(8)))

asyncio.run(main())
"""

HOLDER = """
import asyncio, sys
from eventstore.events import NewEvent
from eventstore.store import EventStore

async def main():
    async with await EventStore.open(sys.argv[1]) as store:
        print("open", flush=True)
        for line in sys.stdin:
            version = await store.head("a")
            await store.append("a", [NewEvent("log", line.encode())], version)
            print("appended", flush=True)

asyncio.run(main())
"""

Spawn = Callable[[str], "Process"]


class Process:
    """A Python process of our own, spoken to in lines."""

    def __init__(self, script: str, log: Path) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", script, str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        return self.popen.stdin, self.popen.stdout

    def say(self, line: str) -> None:
        self.pipes[0].write(line + "\n")
        self.pipes[0].flush()

    def hear(self) -> str:
        line = self.pipes[1].readline()
        assert line, "the process ended"
        return line.strip()

    def kill(self) -> list[str]:
        """SIGKILL; returns the lines it had written."""
        self.popen.send_signal(signal.SIGKILL)
        lines = self.pipes[1].readlines()
        self.end()
        return [line.strip() for line in lines if line.endswith("\n")]

    def end(self) -> int:
        for pipe in self.pipes:
            pipe.close()
        return self.popen.wait(30)


@pytest.fixture
def spawn(log: Path) -> Iterator[Spawn]:
    processes: list[Process] = []

    def start(script: str) -> Process:
        processes.append(Process(script, log))
        return processes[-1]

    yield start
    for process in processes:
        if process.popen.poll() is None:
            process.popen.kill()
            process.end()


@pytest.mark.parametrize("acknowledged", [1, 40, 400])
async def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    log: Path, spawn: Spawn, acknowledged: int
) -> None:
    writer = spawn(APPENDERS)
    lines = [writer.hear() for _ in range(acknowledged)]
    lines += writer.kill()

    async with await EventStore.open(log) as store:
        stored = {
            (event.stream, event.event_id, event.position)
            for event in await store.read_all(limit=1_000_000)
        }
        heads = verify(without_gaps(await store.read_all(limit=1_000_000)))
        last = await store.head()

        for line in lines:
            stream, version, position = line.split()
            assert (stream, int(version), int(position)) in stored
        assert len(stored) == last
        appended = await store.append("s0", [EVENT], heads["s0"].version)
        assert appended.position == last + 1


async def test_a_second_writer_is_told_who_holds_which_file(log: Path, spawn: Spawn) -> None:
    holder = spawn(HOLDER)
    assert holder.hear() == "open"

    with pytest.raises(LogLocked) as caught:
        await EventStore.open(log)

    assert str(log) + ".lock" in str(caught.value)
    assert f"process {holder.popen.pid}" in str(caught.value)
    assert caught.value.pid == holder.popen.pid
    holder.say("still there")
    assert holder.hear() == "appended"


@pytest.mark.parametrize("killed", [False, True])
async def test_the_lock_goes_with_its_holder(log: Path, spawn: Spawn, killed: bool) -> None:
    holder = spawn(HOLDER)
    holder.hear()
    if killed:
        holder.kill()
    else:
        assert holder.end() == 0

    async with await EventStore.open(log) as store:
        assert Path(f"{log}.lock").read_text() == f"{os.getpid()}\n"  # noqa: ASYNC240 - a test
        assert await store.head() == 0


async def test_a_second_store_in_one_process_is_refused_too(store: EventStore, log: Path) -> None:
    link = log.with_name("link.db")
    link.symlink_to(log)
    for path in (log, link):
        with pytest.raises(LogLocked, match=f"process {os.getpid()}"):
            await EventStore.open(path)


async def test_a_lock_file_without_a_pid_still_locks(store: EventStore, log: Path) -> None:
    Path(f"{log}.lock").write_text("")  # noqa: ASYNC240 - a test
    with pytest.raises(LogLocked, match="another process"):
        await EventStore.open(log)


async def test_a_reader_follows_what_another_process_writes(log: Path, spawn: Spawn) -> None:
    writer = spawn(HOLDER)
    writer.hear()
    async with await EventStore.open(log, read_only=True) as reader:
        pages, everything = reader.follow("a"), reader.follow_all()
        for event_id in range(1, 4):
            writer.say(str(event_id))
            writer.hear()
            assert await reader.head("a") == event_id
            for follower in (pages, everything):
                (event,) = await anext(follower)
                assert (event.event_id, event.payload) == (event_id, b"%d\n" % event_id)
        await pages.aclose()
        await everything.aclose()
        writer.say("the reader holds nothing up")
        assert writer.hear() == "appended"


async def test_a_reader_outlives_a_killed_writer(log: Path, spawn: Spawn) -> None:
    writer = spawn(APPENDERS)
    for _ in range(20):
        writer.hear()
    async with await EventStore.open(log, read_only=True) as reader:
        writer.kill()
        events = await reader.read_all(limit=1_000_000)
        assert len(events) == await reader.head() >= 20
        verify(without_gaps(events))

"""The sampler of a sweep, seen from the service: the grid here, all others in a process."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from domain.optimizations.request import OptimizationRequest
from domain.optimizations.sampler import create_sampler
from domain.optimizations.search_space import Params
from domain.optimizations.sweep import Question
from service.execution.environment import without_keys
from service.execution.frames import LENGTH_BYTES, pack
from service.optimizations.sampling import Answer, Ask, Points, answer, decode_answer

Choose: TypeAlias = Callable[[Question], Awaitable[list[Params]]]


class NoPoints(Exception):
    """The sampler finds no point to try; the message says why."""


class SamplerDied(Exception):
    """The process that chooses points is gone."""


@asynccontextmanager
async def sampler_of(request: OptimizationRequest) -> AsyncIterator[Choose]:
    """Open a fresh sampler; it answers one question at a time.

    An answer raises ``NoPoints`` or ``SamplerDied``.
    """
    async with _enumerating(request) if request.strategy == "grid" else _apart(request) as ask:

        async def choose(question: Question) -> list[Params]:
            answered = await ask(question)
            if isinstance(answered, Points):
                return answered.points
            raise NoPoints(answered.problem)

        yield choose


@asynccontextmanager
async def _enumerating(
    request: OptimizationRequest,
) -> AsyncIterator[Callable[[Question], Awaitable[Answer]]]:
    sampler = create_sampler(request)

    async def ask(question: Question) -> Answer:
        return await anyio.to_thread.run_sync(answer, sampler, question)

    yield ask


@asynccontextmanager
async def _apart(
    request: OptimizationRequest,
) -> AsyncIterator[Callable[[Question], Awaitable[Answer]]]:
    command = [sys.executable, "-P", "-m", "service.optimizations.sampling"]
    process = await anyio.open_process(command, stderr=None, env=without_keys())

    async def ask(question: Question) -> Answer:
        try:
            await _write(process, pack(Ask(question.tell, question.ask)))
            return await _read(process)
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError) as error:
            raise SamplerDied("the process that chooses points ended") from error

    try:
        await _write(process, pack(request))
        yield ask
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.aclose()


async def _write(process: Process, frame: bytes) -> None:
    assert process.stdin is not None
    await process.stdin.send(frame)


async def _read(process: Process) -> Answer:
    assert process.stdout is not None
    # One answer at a time: nothing is left in the buffer.
    stream = BufferedByteReceiveStream(process.stdout)
    length = await stream.receive_exactly(LENGTH_BYTES)
    return decode_answer(await stream.receive_exactly(int.from_bytes(length, "big")))

"""The process that loads users' strategies, seen from the service."""

import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from service.execution.frames import LENGTH_BYTES, pack
from service.strategies.messages import Answer, Loaded, Question

LOAD_SECONDS_MAX = 10.0
_decode: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode


class LoadingFailed(Exception):
    """A user's code gave no answer; the message, which goes on after its name, says why."""


class Loader:
    """Asks one question at a time; the process is started for the first and replaced when gone."""

    def __init__(
        self, folder: Path | None, memory_mib_max: int, seconds_max: float = LOAD_SECONDS_MAX
    ) -> None:
        self._arguments = [str(folder or ""), str(memory_mib_max)]
        self._seconds_max = seconds_max
        self._process: Process | None = None
        self._asking = anyio.Lock()

    async def ask(self, question: Question) -> Answer:
        """Give the answer, while which a user's code may run. Raises ``LoadingFailed``."""
        async with self._asking:
            try:
                process = await self._started()
                with anyio.fail_after(self._seconds_max):
                    await _write(process, question)
                    return await _read(process)
            except TimeoutError:
                await self.close()
                problem = f"is not loaded after {self._seconds_max:g} seconds: does it ever end?"
                raise LoadingFailed(problem) from None
            except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
                await self.close()
                raise LoadingFailed("ended the process that was to load it") from None
            except BaseException:
                # The answer to this question must not be taken for that to the next.
                await self.close()
                raise

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()

    async def _started(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self.close()
            self._process = await anyio.open_process(
                [sys.executable, "-P", "-m", "service.strategies.loading", *self._arguments],
                stderr=None,
            )
            loaded = await _read(self._process)
            assert isinstance(loaded, Loaded)
        return self._process


async def _write(process: Process, question: Question) -> None:
    assert process.stdin is not None
    await process.stdin.send(pack(question))


async def _read(process: Process) -> Answer:
    assert process.stdout is not None
    # One answer at a time: nothing is left in the buffer.
    stream = BufferedByteReceiveStream(process.stdout)
    length = await stream.receive_exactly(LENGTH_BYTES)
    return _decode(await stream.receive_exactly(int.from_bytes(length, "big")))

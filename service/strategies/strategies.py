"""What strategies there are, and whether a request can be run with them."""

from pathlib import Path
from types import TracebackType
from typing import Self

import anyio

from domain.errors import InvalidRequest
from domain.runs.request import BacktestRequest, normalise
from domain.strategies.description import Description, describe
from domain.strategies.registry import BUILT_IN
from service.strategies.library import Entry, Library
from service.strategies.loader import LOAD_SECONDS_MAX, Loader, LoadingFailed
from service.strategies.messages import Accepted, Describe, Described, Normalise, Refused


class UnknownStrategy(Exception):
    """There is no strategy of this name."""


class Strategies:
    """The built-in strategies and those of users, read anew each time. An async context manager.

    Code of users is executed in processes of its own, which are ended when it takes too long.
    """

    def __init__(
        self, folder: Path | None, memory_mib_max: int, load_seconds_max: float = LOAD_SECONDS_MAX
    ) -> None:
        self._library = Library(folder)
        self._loader = Loader(folder, memory_mib_max, load_seconds_max)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._loader.close()

    async def describe_all(self) -> list[Description]:
        """Describe every strategy by name; one that cannot be used says why."""
        entries = await anyio.to_thread.run_sync(self._library.entries)
        described: dict[Entry, Description] = {}

        async def describe_one(entry: Entry) -> None:
            described[entry] = await self._describe(entry)

        async with anyio.create_task_group() as tasks:
            for entry in entries:
                tasks.start_soon(describe_one, entry)
        return [described[entry] for entry in entries]

    async def describe(self, name: str) -> Description:
        """Describe the strategy that runs under ``name``. Raises ``UnknownStrategy``."""
        try:
            entry = await anyio.to_thread.run_sync(self._library.find, name)
        except InvalidRequest as error:
            raise UnknownStrategy(str(error).removeprefix("strategy.name: ")) from error
        return await self._describe(entry)

    async def accept(self, request: BacktestRequest) -> Accepted:
        """Normalise a request and read the source of its strategy, if that is a user's own.

        Raises ``InvalidRequest``.
        """
        name = request.strategy.name
        if name in BUILT_IN:
            return Accepted(normalise(request), None)
        entry = await anyio.to_thread.run_sync(self._library.find, name)
        try:
            answer = await self._loader.ask(entry, Normalise(request))
        except LoadingFailed as error:
            raise InvalidRequest("strategy.name", f"{name} {error}") from error
        if isinstance(answer, Refused):
            raise InvalidRequest(answer.field, answer.problem)
        assert isinstance(answer, Accepted)
        return answer

    async def _describe(self, entry: Entry) -> Description:
        if entry.source == "built_in":
            return describe(*entry, BUILT_IN[entry.name])
        try:
            answer = await self._loader.ask(entry, Describe(entry))
        except LoadingFailed as error:
            return Description(name=entry.name, source=entry.source, error=str(error))
        assert isinstance(answer, Described)
        return answer.description

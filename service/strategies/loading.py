"""A process that loads users' strategies, so that none of their code runs in the service itself.

Run as ``python -P -m service.strategies.loading FOLDER MEMORY_MIB_MAX``; an empty folder is none.
It reads questions on stdin and writes answers on stdout, one at a time.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from domain.errors import InvalidRequest
from domain.runs.request import BacktestRequest, normalise
from domain.strategies.code import UnusableCode
from domain.strategies.description import Description, describe
from service.execution.frames import pack, read_body
from service.execution.memory import limit_memory
from service.execution.pipes import private_pipes, reply
from service.strategies.library import Entry, Library
from service.strategies.messages import (
    Accepted,
    Answer,
    Describe,
    Described,
    Loaded,
    Normalise,
    Question,
    Refused,
)

ALONE_SECONDS_MAX = 60

_decode: Callable[[bytes], Question] = msgspec.msgpack.Decoder(Question).decode


def answer(question: Question, library: Library) -> Answer:
    """Answer a question about the strategies that ``library`` holds now."""
    match question:
        case Describe(entry=entry):
            return Described(_describe(entry, library))
        case Normalise(request=request):
            return _normalise(request, library)


def _describe(entry: Entry, library: Library) -> Description:
    try:
        return describe(*entry, library.code(entry).load())
    except (UnusableCode, InvalidRequest) as error:  # also one that is gone by now
        return Description(name=entry.name, source=entry.source, error=str(error))


def _normalise(request: BacktestRequest, library: Library) -> Accepted | Refused:
    name = request.strategy.name
    try:
        code = library.code(library.find(name))
        return Accepted(normalise(request, code), code)
    except UnusableCode as error:
        return Refused("strategy.name", f"{name} {error}")
    except InvalidRequest as error:
        return Refused(error.field, str(error).removeprefix(f"{error.field}: "))


def main() -> None:
    """Answer until stdin ends."""
    questions, answers = private_pipes()
    folder, memory_mib_max = sys.argv[1:]
    library = Library(Path(folder) if folder else None)
    reply(answers, pack(Loaded()))
    while (body := read_body(questions)) is not None:
        limit_memory(int(memory_mib_max))
        # The service ends what takes too long, unless it is gone itself by then.
        signal.alarm(ALONE_SECONDS_MAX)
        reply(answers, pack(answer(_decode(body), library)))
        signal.alarm(0)


if __name__ == "__main__":
    main()

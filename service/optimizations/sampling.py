"""The process that chooses points: Optuna computes here, not on the service's event loop.

Run as ``python -P -m service.optimizations.sampling``. It reads the request of a sweep on stdin,
then questions, and writes an answer to each on stdout.
"""

import signal
from collections.abc import Callable
from typing import BinaryIO, TypeAlias

import msgspec

from domain.errors import DomainError
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.sampler import Sampler, create_sampler
from domain.optimizations.search_space import Params
from domain.optimizations.sweep import Question
from service.execution.frames import pack, read_body
from service.execution.pipes import private_pipes, reply


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """Take in what came of the oldest points not told yet, then choose so many more."""

    tell: list[float | None]
    ask: int


class Points(msgspec.Struct, frozen=True, tag="points"):
    """The points that were asked for."""

    points: list[Params]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """There is no such point, and why."""

    problem: str


Answer: TypeAlias = Points | Refused

decode_answer: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode
_decode_request = msgspec.msgpack.Decoder(OptimizationRequest).decode
_decode_ask = msgspec.msgpack.Decoder(Ask).decode


def answer(sampler: Sampler, asked: Ask | Question) -> Answer:
    """Answer one question."""
    try:
        if asked.tell:
            sampler.tell(asked.tell)
        return Points(sampler.ask(asked.ask))
    except DomainError as error:
        return Refused(str(error))


def main() -> None:
    """Answer until stdin ends."""
    # Ctrl-C in a terminal reaches the whole process group; the service decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = private_pipes()
    if (body := read_body(questions)) is not None:
        _serve(create_sampler(_decode_request(body)), questions, answers)


def _serve(sampler: Sampler, questions: BinaryIO, answers: BinaryIO) -> None:
    while (body := read_body(questions)) is not None:
        reply(answers, pack(answer(sampler, _decode_ask(body))))


if __name__ == "__main__":
    main()

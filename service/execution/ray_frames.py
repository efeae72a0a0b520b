"""What the service and the driver of a Ray cluster say to each other.

Framed as what it says to engines; many jobs are under way at once, each by its number.
"""

from collections.abc import Callable
from typing import BinaryIO, TypeAlias

import msgspec

from domain.runs.events import EncodedEvent
from service.execution.frames import Job, read_body


class Submit(msgspec.Struct, frozen=True, tag="submit"):
    """To the driver: have this job done; its first events may be sent."""

    number: int
    job: Job


class More(msgspec.Struct, frozen=True, tag="more"):
    """To the driver: the next events of this job may be sent."""

    number: int


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """To the driver: stop this job, if it is still under way."""

    number: int


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """From the driver: the cluster answers; it has so many processors."""

    processors: int


class Unreachable(msgspec.Struct, frozen=True, tag="unreachable"):
    """From the driver, as its last word: there is no such cluster, and why."""

    reason: str


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """From the driver: the next events of a job; none when it has just begun."""

    number: int
    events: list[EncodedEvent]


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """From the driver: a job is at its end, the last that is heard of it.

    ``died``: what it died of before that, if it did; ``blameless``: not of itself. ``refused``:
    why the cluster cannot do such jobs at all.
    """

    number: int
    died: str | None = None
    blameless: bool = False
    refused: str | None = None


Question: TypeAlias = Submit | More | Drop
Answer: TypeAlias = Connected | Unreachable | Sent | Ended

decode_answer: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode
_decode_question: Callable[[bytes], Question] = msgspec.msgpack.Decoder(Question).decode


def read_question(stream: BinaryIO) -> Question | None:
    """Wait for the next question; ``None`` when the service is gone."""
    body = read_body(stream)
    return None if body is None else _decode_question(body)

"""The events of a sweep, and their bytes.

A sweep's stream holds the types of a run's, and ``trial``. Payloads are only ever extended, with
defaults; an unknown type or state stops the reader.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from domain.engine.metrics import Metrics
from domain.optimizations.manifest import SweepManifest
from domain.optimizations.outcome import Outcome, WindowScore
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.runs.events import (
    ERROR_CHARACTERS_MAX,
    CodeReference,
    EncodedEvent,
    Limit,
    Logged,
    Measured,
    UnknownEventType,
)
from domain.runs.origin import Origin
from domain.strategies.code import Code

Ended: TypeAlias = Literal["failed", "cancelled"]


class Pending(msgspec.Struct, frozen=True, tag_field="state", tag="pending"):
    """The sweep was accepted; ``request`` is the whole normalised request.

    ``trials``: how many it comes to. ``code``: where the strategy is a user's own; the attachment
    then holds its source. ``origin``: where anything is known of who asked.
    """

    request: OptimizationRequest
    trials: int
    previous_state: None = None
    code: CodeReference | UnsetType = UNSET
    origin: Origin | UnsetType = UNSET


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that had failed or was cancelled is pending again, and goes on where it was."""

    state: Literal["pending"] = "pending"
    previous_state: Ended
    resumed: Literal[True] = True


class Running(msgspec.Struct, frozen=True, tag_field="state", tag="running"):
    """Trials are under way; ``manifest`` says with what code, over which data and ranges."""

    manifest: SweepManifest
    previous_state: Literal["pending"] = "pending"


class Completed(msgspec.Struct, frozen=True, tag_field="state", tag="completed"):
    """Every trial has ended. ``digest``: SHA-256 (hex) of what was found; see ``Sweep``."""

    digest: str
    progress: float = 1.0
    previous_state: Literal["running"] = "running"


class Failed(msgspec.Struct, frozen=True, tag_field="state", tag="failed"):
    """The sweep cannot go on; ``error`` is written for the client."""

    error: str
    previous_state: Literal["pending", "running"]


class Cancelled(msgspec.Struct, frozen=True, tag_field="state", tag="cancelled"):
    """A client stopped the sweep; the trials that have ended stay."""

    previous_state: Literal["pending", "running"]


class TrialAsked(msgspec.Struct, frozen=True, tag_field="phase", tag="asked"):
    """A point was chosen, to be tried as trial ``number`` (0, 1, 2 …)."""

    number: int
    params: Params


class TrialCompleted(msgspec.Struct, frozen=True, tag_field="phase", tag="completed"):
    """A trial was evaluated; see ``Outcome``. The attachment holds its daily returns' moments."""

    number: int
    params: Params
    value: float | None
    gap: float | None
    train: Metrics | None
    validation: Metrics | None
    full: Metrics | None
    windows: list[WindowScore] | None = None
    error: None = None


class TrialFailed(msgspec.Struct, frozen=True, tag_field="phase", tag="failed"):
    """A trial's parameters or its strategy's own code failed; ``error`` says how.

    ``exceeded``: the limit of the installation that ended it, which another may not have;
    ``process`` where it ended its engine.
    """

    number: int
    params: Params
    error: str
    value: None = None
    gap: None = None
    train: None = None
    validation: None = None
    full: None = None
    windows: None = None
    exceeded: Limit | Literal["process"] | UnsetType = UNSET


class Stitched(msgspec.Struct, frozen=True):
    """A walk-forward window, and the trial that was best in sample: its scores in and out of it.

    Dates are those of the first and last session, ISO 8601.
    """

    train_start: str
    train_end: str
    validation_start: str
    validation_end: str
    trial: int
    params: Params
    in_sample: float | None
    out_of_sample: float | None


class Progressed(msgspec.Struct, frozen=True):
    """``trial`` of ``trials`` have ended, ``failed`` of them failed; the best is number ``best``.

    The last one of a walk-forward holds its windows, and its attachment the equity of the
    validation ranges, one after the other, each traded with its window's best trial.
    """

    progress: float
    trial: int
    trials: int
    failed: int
    best: int | None
    best_value: float | None
    walk_forward: list[Stitched] | UnsetType = UNSET


TrialEnded: TypeAlias = TrialCompleted | TrialFailed
TrialChanged: TypeAlias = TrialAsked | TrialEnded
StateChanged: TypeAlias = Pending | Running | Completed | Failed | Cancelled
SweepEvent: TypeAlias = StateChanged | Resumed | TrialChanged | Progressed | Measured | Logged

PAYLOADS: Mapping[str, Sequence[type]] = {
    "state": (Pending, Resumed, Running, Completed, Failed, Cancelled),
    "progress": (Progressed,),
    "metric": (Measured,),
    "log": (Logged,),
    "trial": (TrialAsked, TrialCompleted, TrialFailed),
}
EVENT_TYPES = tuple(PAYLOADS)

_encode = msgspec.json.Encoder().encode
_decode_state: Callable[[bytes], StateChanged] = msgspec.json.Decoder(StateChanged).decode
_decode_trial: Callable[[bytes], TrialChanged] = msgspec.json.Decoder(TrialChanged).decode
_decode_progress = msgspec.json.Decoder(Progressed).decode
_decode_metric = msgspec.json.Decoder(Measured).decode
_decode_log = msgspec.json.Decoder(Logged).decode
_decode_resumed = msgspec.json.Decoder(Resumed).decode


class _Before(msgspec.Struct, frozen=True):
    state: str
    previous_state: str | None = None


_decode_before = msgspec.json.Decoder(_Before).decode


def encode(event: SweepEvent, attachment: bytes | None = None) -> EncodedEvent:
    """Give an event its type and its JSON bytes; the same event gives the same bytes anywhere."""
    return EncodedEvent(_type_of(event), _encode(event), attachment)


def decode(type_: str, payload: bytes) -> SweepEvent:
    """Read a stored event back. Raises ``UnknownEventType`` for a type not listed here."""
    match type_:
        case "state":
            before = _decode_before(payload)
            resumed = before.state == "pending" and before.previous_state is not None
            return _decode_resumed(payload) if resumed else _decode_state(payload)
        case "trial":
            return _decode_trial(payload)
        case "progress":
            return _decode_progress(payload)
        case "metric":
            return _decode_metric(payload)
        case "log":
            return _decode_log(payload)
        case _:
            raise UnknownEventType(f"a sweep's stream holds an event of unknown type {type_!r}")


def encode_ended(outcome: Outcome) -> EncodedEvent:
    """Write what came of a trial: its event, with the moments attached."""
    if outcome.error is not None:
        return encode(TrialFailed(outcome.number, outcome.params, readable(outcome.error)))
    completed = TrialCompleted(
        outcome.number,
        outcome.params,
        outcome.value,
        outcome.gap,
        outcome.train,
        outcome.validation,
        outcome.full,
        outcome.windows or None,
    )
    return encode(completed, outcome.moments)


def code_of(pending: Pending, attachment: bytes | None) -> Code | None:
    """Read back the source that a sweep was accepted with; ``None`` where it needs none."""
    if pending.code is UNSET or attachment is None:
        return None
    return Code(pending.code.target, pending.code.package, attachment)


def readable(error: str) -> str:
    """Cut an error to a readable length; what is not text becomes ``?``."""
    return error.encode(errors="replace").decode()[:ERROR_CHARACTERS_MAX]


def _type_of(event: SweepEvent) -> str:
    match event:
        case Pending() | Resumed() | Running() | Completed() | Failed() | Cancelled():
            return "state"
        case TrialAsked() | TrialCompleted() | TrialFailed():
            return "trial"
        case Progressed():
            return "progress"
        case Measured():
            return "metric"
        case Logged():
            return "log"
        case _:
            assert_never(event)

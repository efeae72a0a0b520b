"""The events of a run, and their bytes.

A run's stream holds four types, exactly those of the wire: ``state``, ``progress``, ``metric`` and
``log``. Payloads are only ever extended, with defaults; an unknown type or state stops the reader.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

import msgspec
from msgspec import UNSET, UnsetType

from domain.errors import DomainError
from domain.runs.manifest import Manifest
from domain.runs.origin import Origin
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code

Level: TypeAlias = Literal["info", "warning", "error"]
Limit: TypeAlias = Literal["time", "memory"]


class CodeReference(msgspec.Struct, frozen=True):
    """Names the strategy in a source text: see ``Code``. ``sha256``: of the text, hexadecimal."""

    target: str
    package: str
    sha256: str

    @classmethod
    def of(cls, code: Code) -> "CodeReference":
        """Name the strategy that ``code`` defines."""
        return cls(code.target, code.package, code.sha256)


class Queued(msgspec.Struct, frozen=True, tag_field="state", tag="queued"):
    """The run was accepted; ``request`` is the whole normalised request.

    ``code``: where the strategy is a user's own; the attachment then holds its source.
    ``origin``: where anything is known of who asked.
    """

    request: BacktestRequest
    previous_state: None = None
    code: CodeReference | UnsetType = UNSET
    origin: Origin | UnsetType = UNSET


class Started(msgspec.Struct, frozen=True, tag_field="state", tag="running"):
    """The simulation began; ``manifest`` says with what code, parameters and data."""

    manifest: Manifest
    previous_state: Literal["queued"] = "queued"


class Completed(msgspec.Struct, frozen=True, tag_field="state", tag="completed"):
    """The simulation reached its last bar.

    ``digest``: SHA-256 (hex) over every event from ``Started`` up to this one: see ``Digest``.
    """

    digest: str
    progress: float = 1.0
    previous_state: Literal["running"] = "running"


class Failed(msgspec.Struct, frozen=True, tag_field="state", tag="failed"):
    """The run cannot be finished; ``error`` is written for the client.

    ``exceeded``: the limit of the installation that ended it, which another may not have.
    """

    error: str
    previous_state: Literal["queued", "running"]
    exceeded: Limit | UnsetType = UNSET


class Cancelled(msgspec.Struct, frozen=True, tag_field="state", tag="cancelled"):
    """A client stopped the run."""

    previous_state: Literal["queued", "running"]


class Progressed(msgspec.Struct, frozen=True):
    """``bar`` of ``bars`` are simulated; the attachment holds the tape since the tick before.

    ``timestamp`` (ISO 8601) and ``equity`` (account currency) are those of bar number ``bar``.
    """

    progress: float
    bar: int
    bars: int
    timestamp: str
    equity: float


class Measured(msgspec.Struct, frozen=True):
    """One metric of the finished simulation; ``None`` where it is undefined."""

    name: str
    value: float | int | None


class Logged(msgspec.Struct, frozen=True):
    """A line for whoever reads the run: what the service or the strategy wants known.

    ``bar``: the timestamp (ISO 8601) of the bar at whose close a strategy said it.
    """

    message: str
    level: Level = "info"
    bar: str | UnsetType = UNSET


StateChanged: TypeAlias = Queued | Started | Completed | Failed | Cancelled
RunEvent: TypeAlias = StateChanged | Progressed | Measured | Logged

PAYLOADS: Mapping[str, Sequence[type]] = {
    "state": (Queued, Started, Completed, Failed, Cancelled),
    "progress": (Progressed,),
    "metric": (Measured,),
    "log": (Logged,),
}
EVENT_TYPES = tuple(PAYLOADS)


class EncodedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as the log stores it and the wire sends it."""

    type: str
    payload: bytes
    attachment: bytes | None = None


ERROR_CHARACTERS_MAX = 2_000


def failed(
    error: str,
    previous_state: Literal["queued", "running"],
    exceeded: Limit | UnsetType = UNSET,
) -> Failed:
    """End a run with an error, cut to a readable length; what is not text becomes ``?``."""
    text = error.encode(errors="replace").decode()
    return Failed(text[:ERROR_CHARACTERS_MAX], previous_state, exceeded)


def code_of(queued: Queued, attachment: bytes | None) -> Code | None:
    """Read back the source that a run was accepted with; ``None`` where it needs none."""
    if queued.code is UNSET or attachment is None:
        return None
    return Code(queued.code.target, queued.code.package, attachment)


class UnknownEventType(DomainError):
    """The stream holds a type that this version of the code does not know."""


_encode = msgspec.json.Encoder().encode
_decode_state: Callable[[bytes], StateChanged] = msgspec.json.Decoder(StateChanged).decode
_decode_progress = msgspec.json.Decoder(Progressed).decode
_decode_metric = msgspec.json.Decoder(Measured).decode
_decode_log = msgspec.json.Decoder(Logged).decode


def encode(event: RunEvent, attachment: bytes | None = None) -> EncodedEvent:
    """Give an event its type and its JSON bytes; the same event gives the same bytes anywhere."""
    return EncodedEvent(_type_of(event), _encode(event), attachment)


class Digest:
    """SHA-256 over events: per event type, payload and attachment, each led by its length.

    Lengths are 8 bytes, big-endian; an absent attachment counts as an empty one.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def add(self, events: Iterable[EncodedEvent]) -> None:
        """Take further events in."""
        for event in events:
            for part in (event.type.encode(), event.payload, event.attachment or b""):
                self._sha256.update(len(part).to_bytes(8, "big"))
                self._sha256.update(part)

    def hexdigest(self) -> str:
        """Give the digest of all events so far."""
        return self._sha256.hexdigest()

    def copy(self) -> "Digest":
        """Give another of the same events, to go on with by itself."""
        other = Digest()
        other._sha256 = self._sha256.copy()
        return other


def _type_of(event: RunEvent) -> str:
    match event:
        case Queued() | Started() | Completed() | Failed() | Cancelled():
            return "state"
        case Progressed():
            return "progress"
        case Measured():
            return "metric"
        case Logged():
            return "log"
        case _:
            assert_never(event)


def decode(type_: str, payload: bytes) -> RunEvent:
    """Read a stored event back. Raises ``UnknownEventType`` for a type not listed here."""
    match type_:
        case "state":
            return _decode_state(payload)
        case "progress":
            return _decode_progress(payload)
        case "metric":
            return _decode_metric(payload)
        case "log":
            return _decode_log(payload)
        case _:
            raise UnknownEventType(f"a run's stream holds an event of unknown type {type_!r}")

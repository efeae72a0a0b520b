"""What the clients of a round were told: whatever happens, the log must bear them out."""

from typing import Any

import msgspec

from tests.torture.schedule import Document

FINAL_STATES = ("completed", "failed", "cancelled")
STATE_ORDER = {"queued": 0, "running": 1} | dict.fromkeys(FINAL_STATES, 2)


class Violation(Exception):
    """A promise of the service that was broken; the message says which, where and how."""


class Frame(msgspec.Struct, frozen=True):
    """An event as a client receives it; ``payload`` keeps its very bytes."""

    event_id: int
    run_id: str
    type: str
    timestamp: str
    payload: msgspec.Raw

    @property
    def final(self) -> bool:
        """Whether the run has ended with this event."""
        return self.type == "state" and _state(self.payload) in FINAL_STATES


class LogFrame(msgspec.Struct, frozen=True):
    """An event as a client of the whole log receives it."""

    position: int
    stream: str
    event_id: int
    type: str
    timestamp: str
    payload: msgspec.Raw


class Witness:
    """The memory of all clients together, and what no answer may ever contradict."""

    def __init__(self) -> None:
        self.accepted: dict[str, Document] = {}
        self.cancelled: set[str] = set()
        self.frames: dict[str, dict[int, Frame]] = {}
        self.log: list[LogFrame] = []
        self.interrupted = 0
        self._log_id = ""
        self._frames_seen = 0
        self._statuses: dict[str, Document] = {}

    def __str__(self) -> str:
        return (
            f"{len(self.accepted)} runs accepted, {len(self.cancelled)} of them cancelled, "
            f"runs interrupted {self.interrupted} times, {self._frames_seen:,} frames received"
        )

    def saw(self, client: str, run_id: str, cursor: int, text: str | bytes) -> Frame:
        """Note a frame that came to ``client``, whose last event of the run was ``cursor``."""
        frame = msgspec.json.decode(text, type=Frame)
        if frame.run_id != run_id:
            raise Violation(f"{client} follows run {run_id} and was sent {frame}")
        if frame.event_id != cursor + 1:
            raise Violation(
                f"{client}: after event {cursor} of run {run_id} came event {frame.event_id}"
            )
        self._frames_seen += 1
        first = self.frames.setdefault(run_id, {}).setdefault(frame.event_id, frame)
        if frame != first:
            raise Violation(
                f"{client}: event {frame.event_id} of run {run_id} was {first}, now it is {frame}"
            )
        return frame

    def felt(self, client: str, cursor: int, text: str) -> None:
        """Note a heartbeat that came to ``client``, which is at ``cursor`` and wants all types."""
        beat = msgspec.json.decode(text)
        if not beat["last_event_id"] == cursor <= beat["head"]:
            raise Violation(f"{client}: after event {cursor} came the heartbeat {beat}")

    @property
    def known_log(self) -> str:
        """The log that all cursors are of, for a query; empty before anything is known of it."""
        return f"&log_id={self._log_id}" if self._log_id else ""

    def unfinished(self) -> list[str]:
        """The accepted runs of whose end no client has heard."""
        return [
            run_id
            for run_id in self.accepted
            if not any(frame.final for frame in self._seen(run_id).values())
        ]

    def outlived(self) -> None:
        """Note that the service has died: under way was what has begun and not ended."""
        self.interrupted += sum(1 for run_id in self.unfinished() if 2 in self._seen(run_id))

    def heard(self, position: int, text: str | bytes) -> int:
        """Note an event of the whole log, after the one at ``position``; where it is."""
        frame = msgspec.json.decode(text, type=LogFrame)
        if frame.position != position + 1:
            raise Violation(f"after position {position} of the log came {frame}")
        self.log.append(frame)
        return frame.position

    def reached(self, log_id: str) -> None:
        """Note which log a client was connected to."""
        self._log_id = self._log_id or log_id
        if log_id != self._log_id:
            raise Violation(f"the log was {self._log_id}, now it is {log_id}")

    def told(self, client: str, status: Document) -> None:
        """Note a status object: a run never goes back."""
        run_id = status["run_id"]
        before = self._statuses.setdefault(run_id, status)
        if _rank(status) < _rank(before) or status["created_at"] != before["created_at"]:
            raise Violation(f"{client}: run {run_id} was {before}, now it is {status}")
        self._statuses[run_id] = status

    def _seen(self, run_id: str) -> dict[int, Frame]:
        return self.frames.get(run_id, {})


def _rank(status: Document) -> tuple[int, float]:
    return STATE_ORDER[status["state"]], status["progress"]


def _state(payload: msgspec.Raw) -> Any:
    return msgspec.json.decode(payload)["state"]

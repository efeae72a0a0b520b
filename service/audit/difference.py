"""In words: how a stored event differs from the one that the simulation gives."""

from typing import Any

import msgspec
import polars as pl

from domain.engine import tape
from domain.runs.events import EncodedEvent

VALUE_SHOWN_CHARACTERS_MAX = 80


def difference(stored: EncodedEvent, simulated: EncodedEvent) -> str | None:
    """The first difference between two events, or ``None`` where every byte is the same."""
    if stored.type != simulated.type:
        return f"it is a {stored.type} event, the simulation gives a {simulated.type} event"
    if stored.payload != simulated.payload:
        return f"its payload: {_of_payloads(stored.payload, simulated.payload)}"
    if stored.attachment != simulated.attachment:
        return f"its attachment: {_of_attachments(stored.attachment, simulated.attachment)}"
    return None


def _of_payloads(stored: bytes, simulated: bytes) -> str:
    try:
        ours, theirs = msgspec.json.decode(stored), msgspec.json.decode(simulated)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "it is not JSON"
    return _of_values("", ours, theirs) or "the same values, in other bytes"


def _of_values(path: str, stored: Any, simulated: Any) -> str | None:
    if isinstance(stored, dict) and isinstance(simulated, dict):
        for key in dict.fromkeys([*stored, *simulated]):
            place = f"{path}.{key}" if path else key
            if found := _of_values(place, stored.get(key), simulated.get(key)):
                return found
        return None
    if stored == simulated:
        return None
    return f"{path} is {_shown(stored)}, the simulation gives {_shown(simulated)}"


def _of_attachments(stored: bytes | None, simulated: bytes | None) -> str:
    if stored is None or simulated is None:
        return "it is missing" if stored is None else "the simulation gives none"
    try:
        ours, theirs = tape.decode(stored), tape.decode(simulated)
    except (msgspec.MsgspecError, pl.exceptions.PolarsError, OSError) as error:
        return f"it cannot be read: {error}"
    for name in tape.TABLES:
        if not ours[name].equals(theirs[name]):
            return _of_tables(name, ours[name], theirs[name])
    return "the same tables, in other bytes (by another version of polars?)"


def _of_tables(name: str, stored: pl.DataFrame, simulated: pl.DataFrame) -> str:
    for row, (ours, theirs) in enumerate(
        zip(stored.iter_rows(), simulated.iter_rows(), strict=False), 1
    ):
        if ours != theirs:
            return f"row {row} of {name} is {_shown(ours)}, the simulation gives {_shown(theirs)}"
    return f"{name} has {len(stored)} rows, the simulation gives {len(simulated)}"


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, tuple) else msgspec.json.encode(value).decode()
    if len(text) <= VALUE_SHOWN_CHARACTERS_MAX:
        return text
    return text[:VALUE_SHOWN_CHARACTERS_MAX] + " …"

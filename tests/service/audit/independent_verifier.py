"""A verifier of exports as an outsider would write it: from docs/auditing.md, without our code."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify(lines: Iterable[bytes], public_key: str) -> bool:
    """Whether the export holds in every respect, under the key that the auditor knows."""
    try:
        header, *events = [json.loads(line) for line in lines]
        return (
            header["format"] == "backtape-export"
            and header["checkpoint"]["public_key"] == public_key
            and _signature_holds(header["checkpoint"])
            and header["events"] == len(events) >= 1
            and all(_event_holds(header, events, index) for index in range(len(events)))
            and _digest_holds(events, whole=header["first_event_id"] == 1)
        )
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, InvalidSignature):
        return False


def _signature_holds(checkpoint: dict[str, Any]) -> bool:
    names = ("log_id", "size", "root", "time")
    signed = "backtape checkpoint\n" + "".join(f"{checkpoint[name]}\n" for name in names)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint["public_key"]))
    key.verify(bytes.fromhex(checkpoint["signature"]), signed.encode())
    return True


def _event_holds(header: dict[str, Any], events: list[dict[str, Any]], index: int) -> bool:
    event, checkpoint = events[index], header["checkpoint"]
    previous = events[index - 1]["hash"] if index else header["previous_hash"]
    if header["first_event_id"] == 1 and not index and previous != "0" * 64:
        return False
    stream, kind = header["stream"].encode(), event["type"].encode()
    payload, attachment = _payload(event), event["attachment"]
    attached = b"" if attachment is None else base64.b64decode(attachment, validate=True)
    hashed = struct.pack(
        ">32sQQqIIQq", bytes.fromhex(previous), event["position"], event["event_id"],
        event["recorded_at"], len(stream), len(kind), len(payload),
        -1 if attachment is None else len(attached),
    )  # fmt: skip
    node = hashlib.sha256(hashed + stream + kind + payload + attached).digest()
    if node.hex() != event["hash"] or event["event_id"] != header["first_event_id"] + index:
        return False
    i, n = event["position"] - 1, checkpoint["size"] - 1
    node = hashlib.sha256(b"\0" + node).digest()
    for sibling in map(bytes.fromhex, event["proof"]):
        if i % 2 or i == n:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while i % 2 == 0 and i != 0:
                i, n = i // 2, n // 2
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        i, n = i // 2, n // 2
    return n == 0 and node == bytes.fromhex(checkpoint["root"])


def _digest_holds(events: list[dict[str, Any]], *, whole: bool) -> bool:
    sha256, started = hashlib.sha256(), False
    for event in events:
        payload = json.loads(_payload(event))
        state = payload["state"] if event["type"] == "state" else None
        if state == "completed" and not started:
            return not whole and event is events[-1]
        if state == "completed":
            return bool(payload["digest"] == sha256.hexdigest()) and event is events[-1]
        started = started or state == "running"
        if started:
            attachment = base64.b64decode(event["attachment"] or "")
            for part in (event["type"].encode(), _payload(event), attachment):
                sha256.update(len(part).to_bytes(8, "big") + part)
    return True


def _payload(event: dict[str, Any]) -> bytes:
    return base64.b64decode(event["payload"], validate=True)

"""A checkpoint: one signed line that pins down every event the log held at a moment.

The signed bytes are specified in docs/auditing.md.
"""

from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.merkle import verify_consistency
from service.audit.errors import EvidenceError
from service.audit.key import public_hex

HASH_BYTES = 32
SIGNATURE_BYTES = 64


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first ``size`` events of log ``log_id`` have the Merkle root ``root``, said at ``time``.

    Hashes, keys and signatures are in hexadecimal; ``time`` is ISO 8601, UTC.
    """

    log_id: str
    size: int
    root: str
    time: str
    public_key: str
    signature: str

    def statement(self) -> bytes:
        """The signed bytes."""
        lines = ("backtape checkpoint", self.log_id, str(self.size), self.root, self.time)
        return "".join(f"{line}\n" for line in lines).encode()


def sign(key: Ed25519PrivateKey, log_id: str, size: int, root: bytes, time: str) -> Checkpoint:
    """Make a checkpoint."""
    unsigned = Checkpoint(
        log_id=log_id,
        size=size,
        root=root.hex(),
        time=time,
        public_key=public_hex(key),
        signature="",
    )
    signature = key.sign(unsigned.statement()).hex()
    return msgspec.structs.replace(unsigned, signature=signature)


def read_checkpoint(text: bytes, name: str) -> Checkpoint:
    """Decode a checkpoint's JSON; ``name`` says where it came from. Raises ``EvidenceError``."""
    try:
        return msgspec.json.decode(text, type=Checkpoint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{name} does not hold a checkpoint: {error}") from error


def require_signature(checkpoint: Checkpoint, public_key: str | None = None) -> None:
    """Check the signature, and that it was made with ``public_key`` where one is given.

    Raises ``EvidenceError``.
    """
    if public_key is not None and checkpoint.public_key != public_key.lower():
        raise EvidenceError(
            f"the checkpoint is signed with the key {checkpoint.public_key}, not {public_key}"
        )
    key = from_hex("the public key", checkpoint.public_key, HASH_BYTES)
    signature = from_hex("the signature", checkpoint.signature, SIGNATURE_BYTES)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, checkpoint.statement())
    except (InvalidSignature, ValueError) as error:
        raise EvidenceError(
            f"the signature of the checkpoint of {checkpoint.time} does not hold: it was changed"
        ) from error


def require_growth(old: Checkpoint, new: Checkpoint, proof: Sequence[str]) -> None:
    """Check that ``new``'s log is ``old``'s with events added at its end.

    Both signatures are checked, and that one key made them. The logs may have different ids: a
    restored log has a new one. Raises ``EvidenceError``.
    """
    require_signature(old)
    require_signature(new, old.public_key)
    hashes = [from_hex("a hash of the proof", text, HASH_BYTES) for text in proof]
    old_root, new_root = (from_hex("the root", each.root, HASH_BYTES) for each in (old, new))
    if not verify_consistency(old.size, old_root, new.size, new_root, hashes):
        raise EvidenceError(
            f"the log of {new.time} with {new.size} events does not begin with the {old.size}"
            f" events of {old.time}: events were changed, moved or removed"
        )


def from_hex(what: str, text: str, length: int) -> bytes:
    """Decode ``length`` bytes of lower-case hexadecimal. Raises ``EvidenceError``."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != length or value.hex() != text:
        raise EvidenceError(f"{what} is not {length} bytes in lower-case hexadecimal")
    return value

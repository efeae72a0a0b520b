"""The Ed25519 key that signs checkpoints: a file of its own, outside the log."""

from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from service.audit.errors import EvidenceError
from service.private_files import OTHERS, private_draft


def open_key(path: Path) -> Ed25519PrivateKey:
    """The key in the PEM file at ``path``; made there, for its owner's eyes only, if there is none.

    Raises ``EvidenceError`` for a file that others may read or that holds no such key.
    """
    if not path.exists():
        _create(path)
    if path.stat().st_mode & OTHERS:
        raise EvidenceError(f"{path} is open to other users: they could sign with it; chmod 600 it")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"{path} does not hold an unencrypted private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"{path} holds a key of another kind than Ed25519")
    return key


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half: 32 bytes in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    # Linked into place whole: of two processes that start at once, both use the first one's key.
    with private_draft(path, pem) as draft, suppress(FileExistsError):
        path.hardlink_to(draft)

"""The file of keys in the data folder: who was given one, for what, until when; never the key."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.keys.scopes import KeyScope
from service.private_files import OTHERS, private_draft

KEY_PREFIX = "backtape_"
KEY_BYTES = 32  # nobody guesses them, so one fast hash hides a key as well as a slow one would
MADE_KEY = re.compile(f"{KEY_PREFIX}[0-9a-f]{{8,}}")
"""A key that was made here, or the beginning of one, in a text."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_NAME_OF_A_SETTING = re.compile(r"key-[0-9]+")


class KeysError(Exception):
    """Keys cannot be read, made or revoked as asked; the message says why."""


class StoredKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key. ``digest``: SHA-256 of it, in hexadecimal. Times are whole seconds since the epoch.

    One that was revoked stays in the file: its name is never given to another.
    """

    name: str
    scope: KeyScope
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def state_at(self, now: int) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if self.expires_at is None or now < self.expires_at else "expired"


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[StoredKey]


def digest_of(key: bytes) -> bytes:
    """What is kept of a key: from it nobody gets back to the key."""
    return sha256(key).digest()


def read_keys(path: Path) -> list[StoredKey]:
    """The keys of the file in the order in which they were made; none where there is no file.

    Raises ``KeysError`` for a file that others may read, or that is not of this module's making.
    """
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read()
    except FileNotFoundError:
        return []
    if mode & OTHERS:
        raise KeysError(f"{path} is open to other users; chmod 600 it")
    try:
        return msgspec.json.decode(content, type=_Content).keys
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KeysError(f"{path} is not what `backtape keys` writes: {error}") from error


def create_key(path: Path, name: str, scope: KeyScope, expires_at: int | None, now: int) -> str:
    """Make a key, which is told here and never again.

    Raises ``KeysError`` for a name that cannot be used.
    """
    if not _NAME.fullmatch(name) or _NAME_OF_A_SETTING.fullmatch(name):
        raise KeysError(
            f"{name!r} cannot be the name of a key: a letter and up to 63 more of"
            " A-Z a-z 0-9 . _ -, and not key-1, key-2 …, which are those of BACKTAPE_API_KEY"
        )
    key = KEY_PREFIX + os.urandom(KEY_BYTES).hex()
    stored = StoredKey(
        name=name,
        scope=scope,
        digest=digest_of(key.encode()).hex(),
        created_at=now,
        expires_at=expires_at,
    )
    with _changed(path) as keys:
        if any(other.name == name for other in keys):
            raise KeysError(
                f"there is or was a key {name!r} already; a name stands for one key for ever,"
                " so that a log says who it was: take another"
            )
        keys.append(stored)
    return key


def revoke_key(path: Path, name: str, now: int) -> StoredKey:
    """Revoke a key, an expired one too. Raises ``KeysError`` where there is none to be revoked."""
    with _changed(path) as keys:
        for place, key in enumerate(keys):
            if key.name == name and key.revoked_at is None:
                keys[place] = msgspec.structs.replace(key, revoked_at=now)
                return keys[place]
        names = ", ".join(key.name for key in keys if key.revoked_at is None)
        raise KeysError(f"there is no key {name!r} to be revoked; there are {names or 'none'}")


@contextmanager
def _changed(path: Path) -> Iterator[list[StoredKey]]:
    """The keys of the file, which then holds what the block has made of them, unless it raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # One command at a time, or one would write back what another has just revoked.
        fcntl.flock(folder, fcntl.LOCK_EX)
        keys = read_keys(path)
        yield keys
        content = msgspec.json.format(msgspec.json.encode(_Content(keys)), indent=1)
        with private_draft(path, content) as draft:
            if os.geteuid() == 0:  # an administrator; the service is whoever the folder belongs to
                owner = os.fstat(folder)
                os.chown(draft, owner.st_uid, owner.st_gid)
            draft.replace(path)
        os.fsync(folder)  # a key that was revoked stays so, whatever becomes of the machine
    finally:
        os.close(folder)

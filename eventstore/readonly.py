"""A read-only connection to a log, for work that has a thread of its own."""

import sqlite3
from pathlib import Path

from eventstore.errors import UnsupportedLogVersion
from eventstore.migrations import (
    IDENTITY,
    SCHEMA_VERSION,
    closed_on_failure,
    schema_version,
    unreadable,
)


def address(path: Path) -> str:
    """The URI by which SQLite opens the file at ``path`` and never writes to it."""
    return f"{path.absolute().as_uri()}?mode=ro"


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open the log at ``path``, which must exist and have our schema; another may be writing it.

    Raises ``OpenFailed`` and its kin.
    """
    try:
        connection = sqlite3.connect(address(path), uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise unreadable(path, error) from error
    with closed_on_failure(path, connection):
        check_schema(path, connection.execute(IDENTITY).fetchone())
    return connection


def check_schema(path: Path, identity: tuple[int, int, int]) -> None:
    """Raise ``NotALog`` or ``UnsupportedLogVersion`` unless the schema is the one we know."""
    version = schema_version(path, *identity)
    if version < SCHEMA_VERSION:
        raise UnsupportedLogVersion(path, version, SCHEMA_VERSION)

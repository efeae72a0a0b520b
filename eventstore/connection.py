"""The one writable connection to a log, its file recognised, configured and migrated."""

import sqlite3
from pathlib import Path

from eventstore.errors import OpenFailed
from eventstore.limits import DEFAULT_LIMITS
from eventstore.migrations import IDENTITY, closed_on_failure, migrate, schema_version

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # in WAL mode: an fsync per COMMIT, so an acknowledged append is on disk
    "recursive_triggers = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "temp_store = MEMORY",
)


def connect(path: Path, busy_seconds: float = DEFAULT_LIMITS.busy_seconds) -> sqlite3.Connection:
    """Open the log at ``path`` for writing, creating or migrating it.

    A file that is not a log is left untouched. Raises ``OpenFailed`` and its kin.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=busy_seconds)
    except sqlite3.Error as error:
        raise OpenFailed(f"{path} cannot be opened: {error}") from error
    with closed_on_failure(path, connection):
        version = schema_version(path, *connection.execute(IDENTITY).fetchone())
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection, version)
    return connection

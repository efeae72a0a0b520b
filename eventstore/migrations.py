"""Whose file it is, which schema it has, and the steps from an older schema to ours."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventstore.errors import NotALog, OpenFailed, UnsupportedLogVersion

APPLICATION_ID = 0x45564C47  # "EVLG", in the SQLite header where `file` and others look for it
MIGRATIONS = tuple(Path(__file__).with_name(name) for name in ("schema.sql", "log_id.sql"))
SCHEMA_VERSION = len(MIGRATIONS)

IDENTITY = (
    "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
    "FROM pragma_application_id, pragma_user_version"
)
LOG_ID = "SELECT log_id FROM log_identity"


def schema_version(path: Path, application_id: int, user_version: int, objects: int) -> int:
    """The schema of the log at ``path``, 0 for an empty file, from its ``IDENTITY`` row.

    Raises ``NotALog`` and, for a schema from the future, ``UnsupportedLogVersion``.
    """
    if application_id == 0 and user_version == 0 and objects == 0:
        return 0
    if application_id != APPLICATION_ID:
        raise NotALog(f"{path} is an SQLite database, but not an event log; it was left as it is")
    if user_version > SCHEMA_VERSION:
        raise UnsupportedLogVersion(path, user_version, SCHEMA_VERSION)
    return user_version


def migrate(
    connection: sqlite3.Connection, version: int, scripts: Sequence[Path] = MIGRATIONS
) -> None:
    """Apply what is missing after ``version``, each script in a transaction of its own."""
    for number, path in enumerate(scripts[version:], version + 1):
        script = path.read_text(encoding="utf-8")
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {number}; COMMIT;"
        )


@contextmanager
def closed_on_failure(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """Close a connection that is being opened where that fails; SQLite's errors say of what."""
    try:
        yield
    except sqlite3.Error as error:
        connection.close()
        raise unreadable(path, error) from error
    except BaseException:
        connection.close()
        raise


def unreadable(path: Path, error: sqlite3.Error) -> OpenFailed:
    """What to raise when SQLite cannot make sense of the file at ``path``."""
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return NotALog(f"{path} is not an event log; it was left as it is")
    return OpenFailed(f"{path} cannot be opened: {error}")

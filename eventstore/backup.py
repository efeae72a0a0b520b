"""Copies of a log that are known to be good: backup beside a writer, restore without one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from eventstore.audit import check_log
from eventstore.connection import connect
from eventstore.errors import BackupFailed
from eventstore.findings import Report
from eventstore.lock import LockFile
from eventstore.readonly import open_read_only

NEW_LOG_ID = "UPDATE log_identity SET log_id = lower(hex(randomblob(16)))"


def backup(log: str | Path, target: str | Path, *, overwrite: bool = False) -> Report:
    """Copy the log as it is at this moment into one file at ``target``; it may be in use.

    The copy is audited whole and on disk before it gets its name; an existing ``target`` is left
    alone unless ``overwrite`` says otherwise. Returns the copy's audit. It has the log's own id:
    it is the same log, some time ago. Synchronous, flat memory.

    Raises ``BackupFailed``, ``OpenFailed`` and its kin.
    """
    if Path(log).resolve() == Path(target).resolve():
        raise BackupFailed(f"{target} is the log itself")
    with _placed(Path(target), overwrite) as copy:
        _copy(Path(log), copy)
        return _audited(copy, log)


def restore(backup: str | Path, log: str | Path, *, overwrite: bool = False) -> Report:
    """Make the log at ``log`` a copy of ``backup``, audited whole, with a log id of its own.

    The new id tells every consumer that its cursor may be from a future that did not happen here.
    An existing log is left alone unless ``overwrite`` says otherwise, and so is a WAL without its
    log, which may hold the last that is left of it. Synchronous, flat memory.

    Raises ``LogLocked`` where a writer has the log open, ``BackupFailed``, ``OpenFailed``.
    """
    path = Path(log).resolve()
    with closing(LockFile(path)), _placed(path, overwrite) as copy:
        _copy(Path(backup), copy)
        with closing(connect(copy)) as connection:
            connection.execute(NEW_LOG_ID)
        return _audited(copy, backup)


def _copy(source: Path, copy: Path) -> None:
    with closing(open_read_only(source)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        except sqlite3.Error as error:
            raise BackupFailed(f"{source} cannot be copied: {error}") from error


def _audited(copy: Path, source: str | Path) -> Report:
    report = check_log(copy)
    if report.findings:
        raise BackupFailed(f"the copy of {source} is not sound, {report.findings[0]}")
    return report


@contextmanager
def _placed(target: Path, overwrite: bool) -> Iterator[Path]:
    """A name beside ``target`` to write to, which becomes ``target`` if all goes well."""
    if not overwrite:
        for path in (target, *_companions(target)):
            if path.exists():
                raise BackupFailed(f"{path} exists already; it was left as it is")
    try:
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            copy = Path(folder, target.name)
            yield copy
            _sync(copy)
            if overwrite:
                for path in _companions(target):
                    path.unlink(missing_ok=True)
                copy.replace(target)
            else:
                os.link(copy, target)  # unlike a rename, never replaces what came in between
            _sync(target.parent)
    except FileExistsError as error:
        raise BackupFailed(f"{target} exists already; it was left as it is") from error
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written: {error}") from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _companions(path: Path) -> list[Path]:
    # SQLite would take a WAL that is left over for the new file's own.
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]

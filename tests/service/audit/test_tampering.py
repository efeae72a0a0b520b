"""Whatever is done to the file of a real log, the audit finds it."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import msgspec
import pytest

from eventstore.findings import Finding
from eventstore.store import EventStore
from service.audit.checkpoint import Checkpoint, read_checkpoint
from service.audit.inspection import check_stored
from service.projections import stored_projections
from tests.service.api.running import LONG, SHORT, running_service
from tests.tampering import SHIFTED, close_gaps, recompute_hashes, tampered

SEED = 62
ROUNDS = 4

Change = Callable[[sqlite3.Connection, random.Random], object]


class Audited(msgspec.Struct, frozen=True):
    """A log that was closed, and the checkpoint that an auditor keeps of it."""

    log: Path
    checkpoint: Checkpoint

    def copy(self, folder: Path) -> Path:
        copy = folder / "log.db"
        shutil.copy(self.log, copy)
        return copy


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audited")
    return anyio.run(recorded, folder, backend_options={"use_uvloop": True})


async def recorded(folder: Path) -> Audited:
    async with running_service(folder, engine_processes=1) as service:
        runs = [await service.create(SHORT) for _ in range(2)]
        await service.cancel(await service.create(LONG))
        await service.completed(SHORT)
        for run_id in runs:
            await service.frames(run_id)
        answer = await service.http.get("/audit/checkpoint")
    return Audited(folder / "log.db", read_checkpoint(answer.content, "the answer"))


def findings(log: Path, checkpoint: Checkpoint | None = None) -> list[Finding]:
    return check_stored(log, None, checkpoint).findings


def some_row(connection: sqlite3.Connection, dice: random.Random, where: str = "1") -> int:
    rows = connection.execute(f"SELECT position FROM events WHERE {where}").fetchall()
    position: int = dice.choice(rows)[0]
    return position


def flip(column: str, where: str = "1") -> Change:
    def change(connection: sqlite3.Connection, dice: random.Random) -> None:
        position = some_row(connection, dice, where)
        ((old,),) = connection.execute(
            f"SELECT {column} FROM events WHERE position = ?", (position,)
        )
        new = bytearray(old)
        new[dice.randrange(len(new))] ^= 1 << dice.randrange(8)
        connection.execute(
            f"UPDATE events SET {column} = ? WHERE position = ?", (bytes(new), position)
        )

    return change


def update(assignment: str, where: str = "1") -> Change:
    def change(connection: sqlite3.Connection, dice: random.Random) -> None:
        position = some_row(connection, dice, where)
        connection.execute(f"UPDATE events SET {assignment} WHERE position = ?", (position,))

    return change


def swap(columns: str, of_one_stream: bool = False) -> Change:
    def change(connection: sqlite3.Connection, dice: random.Random) -> None:
        first = some_row(connection, dice)
        same = f"stream = (SELECT stream FROM events WHERE position = {first})"
        second = some_row(
            connection,
            dice,
            f"position <> {first} AND type || payload <> (SELECT type || payload FROM events"
            f" WHERE position = {first})" + (f" AND {same}" if of_one_stream else ""),
        )
        rows = {
            position: connection.execute(
                f"SELECT {columns} FROM events WHERE position = ?", (position,)
            ).fetchone()
            for position in (first, second)
        }
        marks = ", ".join(f"{column} = ?" for column in columns.split(", "))
        for position, other in ((first, second), (second, first)):
            connection.execute(
                f"UPDATE events SET {marks} WHERE position = ?", (*rows[other], position)
            )

    return change


def delete(where: str, numbered_anew: bool = False) -> Change:
    def change(connection: sqlite3.Connection, dice: random.Random) -> None:
        stream = f"(SELECT stream FROM events WHERE position = {some_row(connection, dice)})"
        position = some_row(connection, dice, "position < (SELECT max(position) FROM events)")
        connection.execute(
            "DELETE FROM events WHERE " + where.format(stream=stream, position=position)
        )
        if numbered_anew:
            close_gaps(connection)

    return change


def insert(connection: sqlite3.Connection, dice: random.Random) -> None:
    position = some_row(connection, dice)
    apart = f"position = position * 2 + {SHIFTED}, event_id = event_id * 2 + {SHIFTED}"
    connection.execute(f"UPDATE events SET {apart}")
    connection.execute(
        "INSERT INTO events SELECT position + 1, stream, event_id + 1, type, recorded_at,"
        " payload, hash, attachment FROM events WHERE position = ?",
        (position * 2 + SHIFTED,),
    )
    close_gaps(connection)


def append(connection: sqlite3.Connection, dice: random.Random) -> None:
    connection.execute(
        "INSERT INTO events SELECT max(position) + 1, stream, event_id + 1, type, recorded_at + 1,"
        " payload, hash, attachment FROM events"
    )


LAST = "position = (SELECT max(position) FROM events WHERE stream = {stream})"
CHANGES: dict[str, Change] = {
    "a bit of a payload": flip("payload"),
    "a bit of an attachment": flip("attachment", "attachment IS NOT NULL"),
    "a bit of a hash": flip("hash"),
    "a time": update("recorded_at = recorded_at + 1"),
    "a type": update("type = CASE type WHEN 'log' THEN 'metric' ELSE 'log' END"),
    "a stream": update("stream = stream || '0'"),
    "an event id": update("event_id = event_id + 1000"),
    "an empty attachment": update("attachment = x''", "attachment IS NULL"),
    "no attachment": update("attachment = NULL", "attachment IS NOT NULL"),
    "payloads swapped": swap("payload"),
    "times and types swapped": swap("type, recorded_at, payload, attachment"),
    "events swapped": swap("type, recorded_at, payload, hash, attachment", of_one_stream=True),
    "streams swapped": swap("type, payload, hash"),
    "an event deleted": delete("position = {position}"),
    "an event deleted, numbers closed up": delete("position = {position}", numbered_anew=True),
    "a run's last event deleted, numbers closed up": delete(
        LAST + " AND position < (SELECT max(position) FROM events)"
        " OR position = (SELECT min(position) FROM events)",
        numbered_anew=True,
    ),
    "the log's last event deleted": delete("position = (SELECT max(position) FROM events)"),
    "a run deleted": delete("stream = {stream}"),
    "a run deleted, numbers closed up": delete(
        "stream = (SELECT stream FROM events WHERE position = 1)", numbered_anew=True
    ),
    "an event inserted": insert,
    "an event appended": append,
}


def test_an_untouched_log_is_sound(audited: Audited) -> None:
    report = check_stored(audited.log, None, audited.checkpoint)
    assert report.findings == []
    assert report.notes == []
    assert report.events == report.size == audited.checkpoint.size
    assert report.root == audited.checkpoint.root


def test_a_checkpoint_that_was_changed_proves_nothing(audited: Audited) -> None:
    for change in ({"size": 1}, {"root": "0" * 64}, {"signature": "0" * 128}):
        forged = msgspec.structs.replace(audited.checkpoint, **change)
        assert [found.check for found in findings(audited.log, forged)] == ["checkpoint"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_to_the_stored_rows_is_found(
    audited: Audited, tmp_path: Path, change: Change
) -> None:
    for number in range(ROUNDS):
        log = audited.copy(tmp_path)
        with tampered(log) as connection:
            change(connection, random.Random(f"{SEED} {number}"))
        assert findings(log), f"seed {SEED}, round {number}"
        assert findings(log, audited.checkpoint), f"seed {SEED}, round {number}, with checkpoint"


def test_the_finding_names_the_first_bad_event(audited: Audited, tmp_path: Path) -> None:
    log = audited.copy(tmp_path)
    with tampered(log) as connection:
        connection.execute("UPDATE events SET recorded_at = recorded_at + 1 WHERE position >= 7")
        ((stream, event_id),) = connection.execute(
            "SELECT stream, event_id FROM events WHERE position = 7"
        )
    (found,) = [finding for finding in findings(log) if finding.check == "event"]
    assert (found.position, found.stream, found.event_id) == (7, stream, event_id)
    assert "hash does not follow from its bytes" in found.reason


DERIVED = {
    "schema": [
        "DROP TRIGGER events_are_never_updated",
        "DROP TRIGGER events_are_never_deleted",
        "DROP TRIGGER events_have_no_gaps",
        "CREATE TRIGGER bad AFTER INSERT ON events BEGIN DELETE FROM projections; END",
    ],
    "projection": [
        "UPDATE runs SET state = 'failed' WHERE ordinal = 1",
        "UPDATE runs SET run = CAST(replace(run, 'progress', 'Progress') AS BLOB)",
        "DELETE FROM runs WHERE ordinal = 2",
        "INSERT INTO runs (run_id, run, state, events, first_position, last_position, created_at)"
        " SELECT 'x', run, state, events, 1, 1, created_at FROM runs WHERE ordinal = 1",
        "UPDATE projections SET position = position - 1 WHERE name = 'runs'",
        "DELETE FROM projections WHERE name = 'optimizations'",
        "DROP TABLE runs",
    ],
}


@pytest.mark.parametrize(
    ("check", "statement"),
    [(check, statement) for check, statements in DERIVED.items() for statement in statements],
)
def test_triggers_and_projections_that_are_not_as_we_make_them_are_found(
    audited: Audited, tmp_path: Path, check: str, statement: str
) -> None:
    log = audited.copy(tmp_path)
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        connection.execute(statement)
    assert [finding.check for finding in findings(log)] == [check]


FORGERIES = {
    name: change
    for name, change in CHANGES.items()
    if name not in ("a bit of a hash", "an event id", "an event appended")  # undone thereby
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forger_who_recomputes_every_hash_is_found_by_a_checkpoint(
    audited: Audited, tmp_path: Path, change: Change
) -> None:
    log = audited.copy(tmp_path)
    with tampered(log) as connection:
        change(connection, random.Random(SEED))
        close_gaps(connection)
        recompute_hashes(connection)
        connection.execute("DELETE FROM projections")
    assert "checkpoint" in [finding.check for finding in findings(log, audited.checkpoint)]


async def test_without_a_checkpoint_a_perfect_forgery_passes(
    audited: Audited, tmp_path: Path
) -> None:
    log = audited.copy(tmp_path)
    with tampered(log) as connection:
        last = "(SELECT stream FROM events ORDER BY position DESC LIMIT 1)"
        connection.execute(f"DELETE FROM events WHERE stream = {last}")
        close_gaps(connection)
        recompute_hashes(connection)
        connection.execute("DELETE FROM projections")
    async with await EventStore.open(log, projections=stored_projections()):
        pass
    assert findings(log) == []
    (found,) = findings(log, audited.checkpoint)
    assert found.check == "checkpoint"

"""An audit of the stored bytes says whether anything was changed, and where first."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from eventstore import audit_chain
from eventstore.audit import check_log
from eventstore.chain import GENESIS, event_hash
from eventstore.errors import InvalidArgument, NotALog, UnsupportedLogVersion
from eventstore.events import Event, NewEvent
from eventstore.findings import Finding
from eventstore.migrations import MIGRATIONS
from eventstore.statements import INSERT
from eventstore.store import EventStore
from eventstore.tree import TreeRoot
from tests.eventstore.changes import CHANGES, begin
from tests.tampering import tampered

SIZE = 9


@pytest.fixture
async def written(log: Path) -> Path:
    """Positions 1 to 9: a1 a2 a3, b1 b2, a4, c1, b3, c2; 4, 6, 7, 9 are the last of something."""
    async with await EventStore.open(log) as store:
        await begin(store)
        await store.append("c", [NewEvent("x", b"7")], 0)
        await store.append("b", [NewEvent("x", b"8")], 2)
        await store.append("c", [NewEvent("x", b"9")], 1)
    return log


async def roots(log: Path, *sizes: int) -> list[TreeRoot]:
    async with await EventStore.open(log, read_only=True) as store:
        return [await store.tree_root(size) for size in sizes]


def tamper(log: Path, statement: str) -> None:
    with tampered(log) as connection:
        connection.executescript(statement)


def recomputed(log: Path, events: Sequence[Event]) -> None:
    """Put these events in the place of all others, numbered and hashed anew as we would."""
    heads: dict[str, tuple[int, bytes]] = {}
    rows = []
    for position, event in enumerate(events, 1):
        version, previous = heads.get(event.stream, (0, GENESIS))
        content = (event.type, event.recorded_at, event.payload)
        digest = event_hash(
            previous, position, event.stream, version + 1, *content, event.attachment
        )
        heads[event.stream] = version + 1, digest
        rows.append((position, event.stream, version + 1, *content, digest, event.attachment))
    with tampered(log) as connection:
        connection.execute("DELETE FROM events")
        connection.executemany(INSERT, rows)


async def test_an_untouched_log_has_no_findings(written: Path) -> None:
    everything = await roots(written, *range(SIZE + 1))

    report = check_log(written, checkpoints=everything[::-1])

    assert report.findings == []
    assert (report.size, report.events) == (SIZE, SIZE)
    assert report.root == everything[-1].root
    async with await EventStore.open(written) as store:
        assert report.log_id == store.log_id


async def test_an_empty_log_is_in_order(log: Path) -> None:
    async with await EventStore.open(log):
        pass

    assert check_log(log, checkpoints=await roots(log, 0)).findings == []


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        *CHANGES,
        ("UPDATE events SET hash = zeroblob(32) WHERE position = 9", 9),
        ("UPDATE events SET stream = CAST(x'ff' AS TEXT) WHERE position = 7", 7),
        ("UPDATE events SET stream = 'd' WHERE stream = 'b'", 4),
        ("DELETE FROM events WHERE stream = 'c'", 8),
        (
            "INSERT INTO events SELECT 10, 'c', 3, 'x', 0, x'00', hash, NULL FROM events "
            "WHERE position = 9",
            10,
        ),
    ],
)
@pytest.mark.parametrize("heads_cached", [1, 100_000])
async def test_a_changed_event_is_named(
    written: Path,
    statement: str,
    position: int,
    heads_cached: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_chain, "HEADS_CACHED_MAX", heads_cached)
    tamper(written, statement)

    report = check_log(written)

    (finding,) = report.findings
    assert finding.check == "event"
    assert finding.position == position
    assert f"at position {position}: " in str(finding)
    assert report.root is None


@pytest.mark.parametrize(
    ("statement", "findings"),
    [
        ("DROP TRIGGER events_are_never_deleted", ["trigger events_are_never_deleted is missing"]),
        (
            "DROP TRIGGER events_are_never_updated; CREATE TRIGGER events_are_never_updated "
            "BEFORE UPDATE ON events WHEN 0 BEGIN SELECT 1; END",
            ["trigger events_are_never_updated is not the one we make"],
        ),
        (
            "CREATE TRIGGER quiet BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END",
            ["trigger quiet does not belong"],
        ),
        (
            "CREATE TRIGGER LOUD AFTER INSERT ON EVENTS BEGIN DELETE FROM projections; END",
            ["trigger LOUD does not belong"],
        ),
        ("CREATE INDEX ours ON events (type)", ["index ours does not belong"]),
        ("DELETE FROM log_identity", ["log_identity holds [], not one id"]),
        ("UPDATE log_identity SET log_id = upper(hex(zeroblob(15))) || 'XY'", ["log_identity hol"]),
        (
            "DROP TABLE projections; CREATE TABLE projections (name, version, position)",
            ["table projections is not the one we make"],
        ),
        ("ALTER TABLE events ADD COLUMN note TEXT", ["table events is not the one we make"]),
        ("DROP TABLE log_identity", ["table log_identity is missing"]),
        ("CREATE TABLE foreign_one (x); CREATE INDEX of_it ON foreign_one (x)", []),
    ],
)
@pytest.mark.parametrize("stream", [None, "a"])
async def test_the_schema_is_ours_and_other_tables_are_their_owners(
    written: Path, statement: str, findings: list[str], stream: str | None
) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.executescript(statement)

    report = check_log(written, stream=stream)

    assert [finding.check for finding in report.findings] == ["schema"] * len(findings)
    for finding, expected in zip(report.findings, findings, strict=True):
        assert expected in finding.reason


async def test_only_a_checkpoint_shows_that_the_last_events_are_gone(written: Path) -> None:
    kept = await roots(written, 5, SIZE)
    tamper(written, "DELETE FROM events WHERE position > 7")

    assert check_log(written).findings == []
    (finding,) = check_log(written, checkpoints=kept).findings
    assert finding.check == "checkpoint"
    assert "the log holds 7 events, the checkpoint is of 9" in finding.reason


@pytest.mark.parametrize("what", ["a whole stream", "a stream's last event", "one byte", "a swap"])
async def test_only_a_checkpoint_shows_that_everything_was_computed_anew(
    written: Path, what: str
) -> None:
    kept = await roots(written, 3, 5, SIZE)
    async with await EventStore.open(written, read_only=True) as store:
        events = await store.read_all()
    if what == "a whole stream":
        events = [event for event in events if event.stream != "b"]
        events += [Event(0, "c", 0, "x", 0, b"%d" % number, b"") for number in range(3)]
    elif what == "a stream's last event":
        del events[7]
        events.append(Event(0, "c", 0, "x", 0, b"filler", b""))
    elif what == "one byte":
        events[4] = Event(5, "b", 2, "x", events[4].recorded_at, b"forged", b"")
    else:
        events[6], events[7] = events[7], events[6]
    recomputed(written, events)

    assert check_log(written).findings == []
    findings = check_log(written, checkpoints=kept).findings
    first = "4 to 5" if what in ("a whole stream", "one byte") else "6 to 9"
    assert {finding.check for finding in findings} == {"checkpoint"}
    assert f"events {first} are not those" in findings[0].reason


async def test_checkpoints_past_a_bad_event_are_not_called_good(written: Path) -> None:
    kept = await roots(written, 3, SIZE)
    tamper(written, "UPDATE events SET payload = x'00' WHERE position = 5")

    event, checkpoint = check_log(written, checkpoints=kept).findings

    assert event.position == 5
    assert "of 9 events cannot be checked" in checkpoint.reason


async def test_a_projection_ahead_of_the_log_is_a_finding(written: Path) -> None:
    with closing(sqlite3.connect(written, isolation_level=None)) as connection:
        connection.execute("INSERT INTO projections VALUES ('behind', 1, 3), ('ahead', 1, 10)")

    (finding,) = check_log(written).findings
    assert finding == Finding(
        check="projection",
        reason="projection 'ahead' has folded position 10, the log ends at 9",
    )


async def test_one_stream_is_audited_by_itself(written: Path) -> None:
    report = check_log(written, stream="a")
    assert (report.findings, report.events, report.root) == ([], 4, None)

    tamper(written, "UPDATE events SET payload = x'00' WHERE position = 8")
    assert check_log(written, stream="a").findings == []
    (finding,) = check_log(written, stream="b").findings
    assert (finding.stream, finding.event_id, finding.position) == ("b", 3, 8)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM events WHERE position = 6", "the log holds 8 events"),
        ("DELETE FROM events WHERE position = 2", "event 2 was expected here"),
        (
            "UPDATE events SET position = 99 WHERE position = 3; "
            "UPDATE events SET position = 3 WHERE position = 6; "
            "UPDATE events SET position = 6 WHERE position = 99",
            "its hash does not follow",
        ),
    ],
)
async def test_one_stream_with_an_event_missing_or_moved_is_found_out(
    written: Path, statement: str, reason: str
) -> None:
    tamper(written, statement)

    assert any(reason in finding.reason for finding in check_log(written, stream="a").findings)


async def test_a_stream_that_is_not_there_is_a_finding(written: Path) -> None:
    (finding,) = check_log(written, stream="missing").findings
    assert "no stream 'missing'" in finding.reason


async def test_checkpoints_are_about_the_whole_log(written: Path) -> None:
    with pytest.raises(InvalidArgument, match="whole log"):
        check_log(written, stream="a", checkpoints=await roots(written, 1))


@pytest.fixture
def older(log: Path) -> Path:
    with closing(sqlite3.connect(log, isolation_level=None)) as connection:
        connection.executescript(MIGRATIONS[0].read_text())
        connection.executescript("PRAGMA application_id = 1163283527; PRAGMA user_version = 1")
    return log


def test_what_is_no_log_of_this_schema_is_refused(older: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedLogVersion):
        check_log(older)
    other = tmp_path / "prices.csv"
    other.write_text("not a log" * 1000)
    with pytest.raises(NotALog):
        check_log(other)


async def test_a_log_is_audited_while_it_grows(store: EventStore, log: Path) -> None:
    for version in range(50):
        await store.append("a", [NewEvent("x", b"{}")], version)
        report = check_log(log)
        assert (report.findings, report.events) == ([], version + 1)

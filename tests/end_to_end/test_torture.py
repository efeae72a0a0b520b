"""A short round of ``make torture``, and that its examination would have found what was wrong."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import uvloop

from eventstore.chain import GENESIS, event_hash
from eventstore.lock import LockFile
from tests.tampering import tampered
from tests.torture.examination import examine
from tests.torture.market import make_market
from tests.torture.round import play
from tests.torture.schedule import plan
from tests.torture.undisturbed import Undisturbed
from tests.torture.witness import Violation, Witness

SEED = 17
ROUNDS = 3
RUNS, LIVES = 8, 4


class Played(NamedTuple):
    """What a round has left behind."""

    folder: Path
    witness: Witness
    undisturbed: Undisturbed

    def examine(self, folder: Path) -> None:
        uvloop.run(examine(folder / "data", folder / "temporary", self.witness, self.undisturbed))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    print(f"make torture SEED={SEED}")
    for number in range(1, ROUNDS + 1):
        folder = tmp_path_factory.mktemp("torture")
        undisturbed = Undisturbed(make_market(folder / "data" / "market"))
        witness = uvloop.run(play(plan(SEED, number, RUNS, LIVES), folder, undisturbed))
        if witness.interrupted:
            break  # a slow machine may have been killed each time before a run had begun
    return Played(folder, witness, undisturbed)


@pytest.fixture
def copied(played: Played, tmp_path: Path) -> Path:
    """The folder of the round, to be tampered with."""
    return Path(shutil.copytree(played.folder, tmp_path / "copy"))


def flip_a_byte(log: sqlite3.Connection) -> None:
    log.execute(
        "UPDATE events SET attachment = CAST(x'00' || substr(attachment, 2) AS BLOB)"
        " WHERE position = (SELECT position FROM events WHERE attachment IS NOT NULL LIMIT 1)"
    )


def forget_the_last_event(log: sqlite3.Connection) -> None:
    log.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")


def forge_a_run(log: sqlite3.Connection) -> None:
    """Another tape in the place of the first one, its chain made good."""
    (stream,) = log.execute("SELECT stream FROM events WHERE attachment IS NOT NULL").fetchone()
    rows = log.execute(
        "SELECT position, event_id, type, recorded_at, payload, attachment FROM events"
        " WHERE stream = ? ORDER BY event_id", (stream,)
    ).fetchall()  # fmt: skip
    previous = GENESIS
    for position, event_id, kind, recorded_at, payload, attachment in rows:
        forged = attachment and b"forged"
        previous = event_hash(
            previous, position, stream, event_id, kind, recorded_at, payload, forged
        )
        log.execute(
            "UPDATE events SET attachment = ?, hash = ? WHERE position = ?",
            (forged, previous, position),
        )


def change_the_list_of_runs(log: sqlite3.Connection) -> None:
    log.execute("UPDATE runs SET state = 'queued' WHERE ordinal = 2")


def test_whatever_is_killed_every_run_ends_as_if_nothing_had_happened(played: Played) -> None:
    assert len(played.witness.accepted) == RUNS
    assert played.witness.unfinished() == []
    assert played.witness.interrupted > 0
    played.examine(played.folder)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (flip_a_byte, "its hash does not follow from its bytes"),
        (forget_the_last_event, "events were removed from its end"),
        (forge_a_run, "event [0-9]+ of backtest-[-0-9a-f]+ is progress .*; undisturbed it is"),
        (change_the_list_of_runs, "the projection of runs holds"),
    ],
)
def test_the_examination_finds_a_log_that_was_changed(
    played: Played, copied: Path, tamper: Callable[[sqlite3.Connection], None], found: str
) -> None:
    with tampered(copied / "data" / "log.db") as log:
        tamper(log)
    with pytest.raises(Violation, match=found):
        played.examine(copied)


def test_the_examination_finds_what_was_left_over(played: Played, copied: Path) -> None:
    (copied / "temporary" / "spool").touch()
    with pytest.raises(Violation, match=r"files were left over: \['spool'\]"):
        played.examine(copied)


def test_the_examination_finds_a_log_that_somebody_still_writes(
    played: Played, copied: Path
) -> None:
    with (
        closing(LockFile(copied / "data" / "log.db")),
        pytest.raises(Violation, match="the log is open for writing"),
    ):
        played.examine(copied)


def test_the_examination_finds_a_cancel_that_did_not_hold(played: Played, copied: Path) -> None:
    witness = Witness()
    witness.accepted.update(played.witness.accepted)
    witness.cancelled.update(set(played.witness.accepted) - played.witness.cancelled)
    with pytest.raises(Violation, match="was answered with 200; it ended as"):
        Played(copied, witness, played.undisturbed).examine(copied)


def test_the_examination_finds_a_run_that_nobody_was_told_of(played: Played, copied: Path) -> None:
    witness = Witness()
    witness.accepted.update(played.witness.accepted)
    unknown, _ = witness.accepted.popitem()
    with pytest.raises(Violation, match=f"posts that were answered with others: .*{unknown}"):
        Played(copied, witness, played.undisturbed).examine(copied)


def frame(event_id: int, payload: str = "{}") -> str:
    rest = f'"type":"log","timestamp":"2024","payload":{payload}'
    return f'{{"event_id":{event_id},"run_id":"a",{rest}}}'


@pytest.mark.parametrize("event_id", [2, 4])
def test_a_client_reports_a_frame_that_is_missing_or_comes_twice(event_id: int) -> None:
    witness = Witness()
    assert witness.saw("a client", "a", 1, frame(2)).event_id == 2
    with pytest.raises(Violation, match=f"after event 2 of run a came event {event_id}"):
        witness.saw("a client", "a", 2, frame(event_id))


def test_a_client_reports_an_event_that_was_another_one_before() -> None:
    witness = Witness()
    witness.saw("a client", "a", 0, frame(1))
    with pytest.raises(Violation, match="another: event 1 of run a was"):
        witness.saw("another", "a", 0, frame(1, '{ "changed": true}'))


def test_a_client_reports_a_run_that_goes_back() -> None:
    witness = Witness()
    running = {"run_id": "a", "state": "running", "progress": 0.5, "created_at": "2024"}
    witness.told("a client", running)
    witness.told("a client", running | {"progress": 0.75})
    with pytest.raises(Violation, match="a client: run a was"):
        witness.told("a client", running)

"""The story of docs/auditing.md, told by the commands themselves beside a real service."""

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from service.cli.main import app
from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.end_to_end.commands import Told, backtape, service, succeeds
from tests.tampering import close_gaps, recompute_hashes, tampered

FLAGS = ["--symbol", "AAPL", "--start", "2010-01-01", "--end", "2011-01-01"]


class Year(msgspec.Struct, frozen=True):
    """A data folder after a year, and what its auditor has at the end of it."""

    folder: Path
    files: Path
    run_id: str
    key: str
    told: dict[str, Told]

    @property
    def january(self) -> Path:
        return self.files / "january.json"

    @property
    def december(self) -> Path:
        return self.files / "december.json"

    @property
    def export(self) -> Path:
        return self.files / "run.backtape"

    def copy(self, folder: Path) -> Path:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return folder


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """A service that runs for a year of few seconds, asked by its auditor meanwhile."""
    folder, files = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("auditor")
    import_sample(Catalog(folder / "market"))
    told: dict[str, Told] = {}
    with service(folder) as url:
        there = ["--url", url]
        document = json.loads(succeeds("run", *FLAGS, "--json", *there))
        (files / "january.json").write_text(succeeds("checkpoint", *there))
        key = succeeds("audit-key", *there).strip()
        succeeds("run", *FLAGS, "--strategy", "rsi", *there)
        (files / "december.json").write_text(succeeds("checkpoint", *there))
        sheets = [files / "january.json", files / "december.json"]
        (files / "proof.json").write_text(succeeds("prove", "growth", *sheets, *there))
        succeeds("export", document["run_id"], "-o", files / "run.backtape", *there)
        succeeds("prove", "event", document["run_id"], "3", "-o", files / "one.backtape", *there)
        told["grown"] = backtape("verify-checkpoint", *sheets, "--public-key", key, *there)
        told["audit"] = backtape("audit", "--all", "--reexecute", "--json", "--data-dir", folder)
        told["backup"] = backtape("backup", files / "log.backup", "--data-dir", folder)
        told["rebuild"] = backtape("rebuild", *there)
        told["locked"] = backtape("rebuild", "--data-dir", folder)
    return Year(folder, files, document["run_id"], key, told)


def findings(told: Told) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(told.out)["findings"]
    assert told.code == (1 if found else 0), told
    return found


def test_the_kept_line_is_proven_beside_the_running_service(year: Year) -> None:
    assert year.told["grown"].code == 0, year.told["grown"]
    assert "are unchanged" in year.told["grown"].out
    assert year.january.read_text().count("\n") == 1


def test_the_kept_line_is_proven_without_any_service(year: Year) -> None:
    sheets = [year.january, year.december]
    told = succeeds("verify-checkpoint", *sheets, "--proof", year.files / "proof.json")
    assert "are unchanged" in told
    told = succeeds("verify-checkpoint", *sheets, "--data-dir", year.folder)
    assert "are unchanged" in told


def test_lines_in_the_wrong_order_are_not_proven(year: Year) -> None:
    sheets = [year.december, year.january]
    told = backtape("verify-checkpoint", *sheets, "--proof", year.files / "proof.json")
    assert told.code == 1
    assert "does not begin with" in told.errors


def test_an_export_is_verified_with_nothing_but_the_file(year: Year, tmp_path: Path) -> None:
    alone = tmp_path / "run.backtape"
    shutil.copy(year.export, alone)
    told = succeeds("verify", alone, "--public-key", year.key)
    assert f"events 1 to 31 of backtest-{year.run_id}" in told
    assert "the run completed" in told
    assert "which you gave" in told
    assert "compare it with yours" in succeeds("verify", alone)
    assert "events 3 to 3" in succeeds("verify", year.files / "one.backtape")


def test_an_export_without_its_end_asserts_nothing_about_the_run(
    year: Year, tmp_path: Path
) -> None:
    header, *events = year.export.read_text().splitlines(keepends=True)
    cut = tmp_path / "cut.backtape"
    cut.write_text(header.replace('"events":31', '"events":30') + "".join(events[:-1]))
    told = succeeds("verify", cut, "--public-key", year.key)
    assert "ending: this file does not show how the run ended" in told
    cut.write_text(header.replace('"events":31', '"events":0'))
    assert backtape("verify", cut, "--public-key", year.key).code == 1


def test_a_changed_export_is_not_verified(year: Year, tmp_path: Path) -> None:
    changed = tmp_path / "run.backtape"
    text = year.export.read_text()
    changed.write_text(text.replace('"recorded_at":17', '"recorded_at":18', 1))
    told = backtape("verify", changed)
    assert told.code == 1
    assert told.errors.startswith("event 1: its hash does not follow")
    told = backtape("verify", year.export, "--public-key", "0" * 64)
    assert told.code == 1
    assert "is signed with the key" in told.errors


def test_a_log_in_use_is_audited_and_its_runs_come_out_the_same(year: Year) -> None:
    assert findings(year.told["audit"]) == []
    report = json.loads(year.told["audit"].out)
    assert report["runs"] == 2
    assert report["compared"] == report["size"] - 2  # all but the requests
    assert report["root"] == json.loads(year.december.read_text())["root"]


def test_one_run_is_audited(year: Year) -> None:
    where = ["--data-dir", str(year.folder)]
    told = succeeds("audit", year.run_id, "--reexecute", "--checkpoint", year.january, *where)
    assert "nothing is wrong" in told
    told = succeeds("audit", year.run_id.upper(), *where)
    assert "31 events are right" in told


def test_an_audit_writes_nothing(year: Year, tmp_path: Path) -> None:
    folder = year.copy(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    succeeds("audit", "--all", "--reexecute", "--data-dir", folder)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    added = {path.name for path in after.keys() - before.keys()}
    assert added <= {"log.db-wal", "log.db-shm"}  # SQLite's own, beside any log that is read
    assert all(after[path] == content for path, content in before.items())


def test_a_forger_is_found_by_the_kept_line(year: Year, tmp_path: Path) -> None:
    folder = year.copy(tmp_path)
    with tampered(folder / "log.db") as connection:
        connection.execute("DELETE FROM events WHERE event_id = 3 AND position < 10")
        close_gaps(connection)
        recompute_hashes(connection)
        connection.execute("DELETE FROM projections")
    where = ["--data-dir", str(folder)]
    succeeds("rebuild", *where)
    assert findings(backtape("audit", "--all", "--json", *where)) == []
    (found,) = findings(backtape("audit", "--all", "--json", "--checkpoint", year.january, *where))
    assert found["check"] == "checkpoint"
    (found,) = findings(backtape("audit", year.run_id, "--reexecute", "--json", *where))
    assert (found["check"], found["event_id"]) == ("reexecution", 3)
    december = tmp_path / "december.json"
    december.write_text(succeeds("checkpoint", *where))
    told = backtape("verify-checkpoint", year.january, december, *where)
    assert told.code == 1
    assert "events were changed, moved or removed" in told.errors


def test_the_report_to_read_names_the_first_bad_event(year: Year, tmp_path: Path) -> None:
    folder = year.copy(tmp_path)
    with tampered(folder / "log.db") as connection:
        connection.execute("UPDATE events SET recorded_at = 0 WHERE position = 5")
    told = backtape("audit", "--all", "--data-dir", folder)
    assert told.code == 1
    assert f"backtest-{year.run_id}" in told.out
    assert "its hash does not follow from its bytes and the event before" in told.out


def test_a_page_that_the_disk_lost_is_found(year: Year, tmp_path: Path) -> None:
    folder = year.copy(tmp_path)
    with (folder / "log.db").open("r+b") as file:
        file.seek(file.seek(0, os.SEEK_END) // 2 // 4096 * 4096)
        file.write(bytes(4096))
    told = backtape("audit", "--all", "--reexecute", "--json", "--data-dir", folder)
    # Of the file's own structure, or of what an event holds, as it happens.
    assert {"file", "event"} & {found["check"] for found in findings(told)}
    assert told.errors.count("Traceback") == 0


def test_a_run_that_is_gone_is_a_finding(year: Year) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert findings(backtape("audit", nobody, "--json", "--data-dir", year.folder))


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit"],
        ["audit", "00000000-0000-0000-0000-000000000000", "--all"],
        ["audit", "no-uuid"],
        ["audit", "--all", "--checkpoint", "nowhere.json"],
        ["verify", "nowhere.backtape"],
        ["prove", "event", "00000000-0000-0000-0000-000000000000", "0", "-o", "x"],
    ],
)
def test_a_command_that_makes_no_sense_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_a_rebuild_on_a_log_in_use_goes_through_its_service(year: Year) -> None:
    assert year.told["rebuild"].out == "rebuilt: runs, optimizations, idempotency, waiting\n"
    assert year.told["locked"].code == 1
    assert "--url" in year.told["locked"].errors


def test_a_rebuild_needs_the_api_key(tmp_path: Path) -> None:
    with service(tmp_path) as url:
        told = backtape("rebuild", "--url", url, "--api-key", "a-strangers")
        assert (told.code, "API key" in told.errors) == (1, True)


def test_a_rebuild_of_a_folder_mends_it(year: Year, tmp_path: Path) -> None:
    folder = year.copy(tmp_path)
    where = ["--data-dir", str(folder)]
    runs = succeeds("runs", "--json", *where)
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET run_id = run_id || 'x'")
    assert succeeds("runs", "--json", *where) == runs.replace('", "state"', 'x", "state"')
    assert findings(backtape("audit", "--all", "--json", *where))
    assert succeeds("rebuild", *where) == "rebuilt: runs, optimizations, idempotency, waiting\n"
    assert succeeds("runs", "--json", *where) == runs
    assert backtape("rebuild", "--data-dir", tmp_path / "nowhere").code == 1


def test_a_backup_of_a_log_in_use_is_restored_as_a_log_of_its_own(
    year: Year, tmp_path: Path
) -> None:
    assert year.told["backup"].code == 0, year.told["backup"]
    where = ["--data-dir", str(tmp_path / "restored")]
    succeeds("restore", year.files / "log.backup", *where)
    original = ["--data-dir", str(year.folder)]
    results = ["results", year.run_id, "--json"]
    assert succeeds(*results, *where) == succeeds(*results, *original)
    told = backtape("audit", "--all", "--json", "--checkpoint", year.december, *where)
    assert findings(told) == []
    assert json.loads(told.out)["log_id"] != json.loads(year.december.read_text())["log_id"]
    assert "the log was restored since the checkpoint" in json.loads(told.out)["notes"][0]
    assert backtape("restore", year.files / "log.backup", *where).code == 1
    assert backtape("backup", year.files / "log.backup", *original).code == 1


def test_the_key_is_the_owners_and_in_no_log(year: Year) -> None:
    path = year.folder / "audit-key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = "".join(path.read_text().splitlines()[1:-1]).encode()
    assert len(secret) > 40
    for file in year.folder.rglob("*"):
        if file.is_file() and file != path:
            assert secret not in file.read_bytes()

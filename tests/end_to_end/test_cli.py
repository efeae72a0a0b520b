"""`backtape` by its commands, as a user types them."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.end_to_end.processes import Service, backtape

SPEC: dict[str, Any] = {
    "symbols": ["AAPL", "IBM"],
    "start_date": "2005-01-01",
    "end_date": "2008-01-01",
    "strategy": {"name": "ma_crossover", "params": {"short_period": 20, "long_period": 50}},
    "execution": {"commission_bps": 5},
}
DATES = ("--start", "2005-01-01", "--end", "2008-01-01")
NO_RUN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "spec.json"
    file.write_bytes(msgspec.json.encode(SPEC))
    return file


def completed(*arguments: object, **options: Any) -> dict[str, Any]:
    """Run `backtape run … --json`; its results."""
    finished = backtape("run", *arguments, "--json", **options)
    assert finished.returncode == 0, finished.stderr
    results: dict[str, Any] = msgspec.json.decode(finished.stdout)
    return results


def refused(*arguments: object, **options: Any) -> str:
    """Run a command that cannot do what it is asked; what it says."""
    finished = backtape(*arguments, **options)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "Traceback" not in finished.stderr
    return finished.stderr


def test_without_arguments_the_commands_are_listed() -> None:
    listed = backtape()
    assert all(name in listed.stdout for name in ("serve", "run", "runs", "results", "data"))


def test_run_takes_a_file_standard_input_or_flags_and_flags_win(
    service: Service, spec: Path
) -> None:
    url = ("--url", service.url)
    from_file = completed(spec, *url)
    assert from_file["manifest"]["request"]["strategy"]["params"]["short_period"] == 20
    from_stdin = completed("-", *url, stdin=spec.read_text())
    symbols = ("--symbol", "AAPL", "--symbol", "IBM")
    params = ("--param", "short_period=20", "--param", "long_period=50")
    flags = (*symbols, *DATES, "--strategy", "ma_crossover", *params)
    from_flags = completed(*flags, "--execution", "commission_bps=5", *url)
    for results in (from_stdin, from_flags):
        assert results["metrics_summary"] == from_file["metrics_summary"]
        assert results["manifest"] == from_file["manifest"]
    over = completed(
        *(spec, "--symbol", "MSFT", "--param", "short_period=10", "--capital", 5000),
        *("--execution", "slippage_bps=1", "--benchmark", "IBM", *url),
    )
    request = over["manifest"]["request"]
    assert request["symbols"] == ["MSFT"]
    assert request["strategy"]["params"]["short_period"] == 10
    assert request["strategy"]["params"]["long_period"] == 50
    assert (request["initial_capital"], request["benchmark_symbol"]) == (5000, "IBM")
    assert request["execution"]["commission_bps"] == 5
    assert request["execution"]["slippage_bps"] == 1
    other = completed(spec, "--strategy", "momentum", "--data-source", "synthetic", *url)
    assert other["manifest"]["request"]["strategy"]["params"]["lookback"] == 20
    assert other["manifest"]["data"][0]["source"] == "synthetic"


def test_runs_and_results_are_the_same_from_the_service_and_from_its_folder_beside_it(
    service: Service, folder: Path, spec: Path
) -> None:
    run_id = completed(spec, "--url", service.url)["run_id"]
    modes = (("--url", service.url), ("--data-dir", folder))
    listed = [backtape("runs", "--json", *mode) for mode in modes]
    assert listed[0].stdout == listed[1].stdout
    assert msgspec.json.decode(listed[0].stdout)[0]["run_id"] == run_id
    found = [backtape("results", run_id, "--json", *mode) for mode in modes]
    assert found[0].stdout == found[1].stdout
    assert msgspec.json.decode(found[0].stdout)["run_id"] == run_id
    table = backtape("runs", "--state", "completed", "--limit", 1, *modes[1]).stdout
    assert run_id in table
    assert table.count("completed") == 1
    tables = backtape("results", run_id, *modes[0]).stdout
    assert all(words in tables for words in ("sharpe_ratio", "trades", "AAPL", "2007"))


def test_lists_are_narrowed_and_sorted(service: Service, spec: Path) -> None:
    url, mine = ("--url", service.url), ("--name", "narrowed list", "--strategy", "rsi")

    def ids(*options: object) -> list[str]:
        listed = msgspec.json.decode(backtape("runs", "--json", *options, *url).stdout)
        return [run["run_id"] for run in listed]

    named = {**SPEC, "name": "a narrowed list", "tags": {"team": "blue"}}
    spec.write_bytes(msgspec.json.encode(named))
    runs = [
        completed(spec, "--strategy", "rsi", "--symbol", symbol, *url)["run_id"]
        for symbol in ("AAPL", "MSFT")
    ]
    assert ids(*mine, "--tag", "team:blue", "--order", "asc") == runs
    assert ids(*mine, "--symbol", "MSFT") == runs[1:]
    assert ids(*mine, "--strategy", "momentum") == []
    assert sorted(ids(*mine, "--sort", "total_return")) == sorted(runs)
    assert "there is no 'colour' to sort by" in refused("runs", "--sort", "colour", *url)


def test_report_writes_one_whole_page_or_nothing(
    service: Service, folder: Path, spec: Path, tmp_path: Path
) -> None:
    run_id = completed(spec, "--url", service.url)["run_id"]
    pages = []
    for number, mode in enumerate((("--url", service.url), ("--data-dir", folder))):
        file = tmp_path / f"{number}.html"
        written = backtape("report", run_id, "-o", file, *mode)
        assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
        pages.append(file.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0].startswith(b"<!doctype html>")
    assert pages[0].endswith(b"</html>")
    refusal = refused("report", NO_RUN, "-o", tmp_path / "none.html", "--data-dir", folder)
    assert refusal == f"there is no backtest '{NO_RUN}'\n"
    assert [file.name for file in sorted(tmp_path.glob("*.html*"))] == ["0.html", "1.html"]


def test_run_works_on_a_folder_without_a_service(tmp_path: Path) -> None:
    given = ("--data-dir", tmp_path / "new", "--data-source", "synthetic", *DATES)
    finished = backtape(
        "run", "--symbol", "MADEUP", *given, environment={**os.environ, "BACKTAPE_RATE_LIMIT": "1"}
    )
    assert finished.returncode == 0, finished.stderr
    assert "ALL PRICES ARE MADE UP" in finished.stdout
    assert "sharpe_ratio" in finished.stdout
    (run,) = msgspec.json.decode(backtape("runs", "--json", *given[:2]).stdout)
    assert run["state"] == "completed"
    assert run["run_id"] in finished.stderr


def test_a_failed_run_is_exit_code_1_and_its_error(tmp_path: Path) -> None:
    refusal = refused("run", "--symbol", "NOPE", *DATES, "--data-dir", tmp_path)
    assert "NOPE: no day bars from 2005-01-01 to 2008-01-01" in refusal


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    assert "log.db cannot be opened" in refused("runs", "--data-dir", tmp_path / "none")


def test_a_folder_that_a_service_writes_is_told_with_its_lock_file(
    service: Service, folder: Path
) -> None:
    for command in (["serve", "--port", 0], ["run", "--symbol", "AAPL", *DATES]):
        refusal = refused(*command, "--data-dir", folder)
        assert str(folder / "log.db.lock") in refusal
        assert str(service.pid) in refusal
        assert "--url" in refusal


def test_a_port_that_is_taken_is_told(service: Service, tmp_path: Path) -> None:
    port = service.url.rpartition(":")[2]
    refusal = refused("serve", "--port", port, "--data-dir", tmp_path)
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refusal


def test_an_unknown_run_in_a_folder_is_told_and_nothing_else(folder: Path) -> None:
    refusal = refused("results", NO_RUN, "--data-dir", folder)
    assert refusal == f"there is no backtest '{NO_RUN}'\n"

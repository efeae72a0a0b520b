"""``backtape optimize`` and ``optimizations``, beside a running service and without one."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.end_to_end.processes import Service, backtape
from tests.service.optimizations.sweeps import SPEC

ALL_FAIL: dict[str, Any] = SPEC | {
    "search_space": {
        "parameters": [{"name": "short_period", "kind": "choice", "values": [200, 300]}]
    }
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A file with a sweep."""
    file = tmp_path / "spec.json"
    file.write_bytes(msgspec.json.encode(SPEC))
    return file


def test_a_sweep_is_followed_to_its_ranking(service: Service, spec: Path) -> None:
    told = backtape("optimize", spec, "--url", service.url)
    assert told.returncode == 0, told.stderr
    assert "Best trials" in told.stdout
    assert "completed" in told.stderr
    assert "16/16" in told.stderr
    assert "trials/s" in told.stderr
    listed = backtape("optimizations", "--url", service.url)
    assert "periods" in listed.stdout
    assert "16/16" in listed.stdout


def test_what_it_prints_as_json_is_the_results_document(service: Service, spec: Path) -> None:
    told = backtape("optimize", spec, "--json", "--url", service.url)
    document = msgspec.json.decode(told.stdout)
    its_id = document["optimization_id"]
    listed = backtape("optimizations", "--json", "--limit", 1, "--url", service.url)
    assert [each["optimization_id"] for each in msgspec.json.decode(listed.stdout)] == [its_id]
    results = backtape("results", its_id, "--json", "--url", service.url)
    assert msgspec.json.decode(results.stdout) == document
    assert "Best trials" in backtape("results", its_id, "--url", service.url).stdout


def test_without_a_service_on_a_folder_and_its_audit(tmp_path: Path, spec: Path) -> None:
    folder = ("--data-dir", tmp_path / "data")
    document = msgspec.json.decode(backtape("optimize", spec, "--json", *folder).stdout)
    its_id = document["optimization_id"]
    audited = backtape("audit", its_id, "--reexecute", *folder)
    assert audited.returncode == 0, audited.stdout
    assert "nothing is wrong" in audited.stdout
    assert "simulated again: 1 runs" in audited.stdout
    export = tmp_path / "sweep.backtape"
    assert backtape("export", its_id, "--output", export, *folder).returncode == 0
    verified = backtape("verify", export)
    assert verified.returncode == 0
    assert "completed" in verified.stdout
    assert "optimizations" in backtape("rebuild", *folder).stdout


def test_a_sweep_whose_trials_all_fail_is_exit_code_one_and_can_be_resumed(
    tmp_path: Path, service: Service
) -> None:
    file = tmp_path / "spec.json"
    file.write_bytes(msgspec.json.encode(ALL_FAIL))
    told = backtape("optimize", file, "--url", service.url)
    assert told.returncode == 1
    assert "all 2 trials failed" in told.stderr
    listed = backtape(
        "optimizations", "--state", "failed", "--json", "--limit", 1, "--url", service.url
    )
    (failed,) = msgspec.json.decode(listed.stdout)
    again = backtape("optimize", "--resume", failed["optimization_id"], "--url", service.url)
    assert again.returncode == 1
    assert "all 2 trials failed" in again.stderr


@pytest.mark.parametrize("arguments", [(), ("spec.json", "--resume", "id")])
def test_either_a_request_or_what_to_resume(arguments: tuple[str, ...]) -> None:
    told = backtape("optimize", *arguments)
    assert told.returncode == 2
    assert "give either a SPEC or --resume ID" in told.stderr

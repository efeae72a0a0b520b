"""A service with API keys, and the commands that know them or not."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from service.cli.main import app
from tests.end_to_end.processes import Service, backtape

RUN = ("run", "--symbol", "UP", "--start", "2020-01-01", "--end", "2021-01-01")
SYNTHETIC = ("--data-source", "synthetic")


def test_commands_take_the_key_from_a_flag_or_the_environment(tmp_path: Path) -> None:
    keyed = {**os.environ, "BACKTAPE_API_KEY": "sésame, other"}
    service = Service(tmp_path / "data", environment=keyed)
    try:
        command = (*RUN, *SYNTHETIC, "--url", service.url)
        assert backtape(*command, "--api-key", "other").returncode == 0
        assert backtape(*command, environment=keyed).returncode == 0
        for key in ([], ["--api-key", "wrong"]):
            refused = backtape(*command, *key)
            assert refused.returncode == 1
            assert "a valid API key is required" in refused.stderr
        assert "sésame" not in service.stderr
        assert "key-2 of BACKTAPE_API_KEY has fewer than 20 characters" in service.stderr
    finally:
        service.end()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("keys") / "data")
    yield service
    service.end()


@pytest.fixture(scope="module")
def folder(service: Service) -> Path:
    return service.log.parent


def told(*arguments: object) -> tuple[int, str, str]:
    """Run a command in this process: its exit code, what it printed, what it said."""
    result = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_a_key_is_made_used_and_revoked_beside_a_running_service(
    service: Service, folder: Path
) -> None:
    there, at = ("--data-dir", folder), ("--url", service.url)
    assert told("runs", *at)[0] == 0  # open, so far
    code, key, note = told("keys", "create", "ci", "--expires", "90d", *there)
    assert code == 0
    assert "ci has the scope run and expires at 20" in note
    key = key.rstrip("\n")
    _, reading, _ = told("keys", "create", "reader", "--scope", "read", *there)
    reading = reading.rstrip("\n")

    assert told("runs", *at)[2].startswith("a valid API key is required")
    assert told(*RUN, *SYNTHETIC, *at, "--api-key", key)[0] == 0
    assert told("runs", *at, "--api-key", reading)[0] == 0
    code, _, refusal = told(*RUN, *SYNTHETIC, *at, "--api-key", reading)
    words = "this needs an API key of the scope run, and 'reader' is of the scope read\n"
    assert (code, refusal) == (1, words)
    assert told("runs", *there)[0] == 0  # who can read the folder needs no key

    assert told("keys", "revoke", "ci", *there)[:2] == (0, "ci is revoked\n")
    assert told("runs", *at, "--api-key", key)[2] == "the API key 'ci' was revoked\n"
    lines = [msgspec.json.decode(line) for line in service.stderr.splitlines()]
    assert {line["key"] for line in lines if "key" in line} == {None, "ci", "reader"}


def test_the_list_says_what_became_of_each_key(tmp_path: Path) -> None:
    there = ("--data-dir", tmp_path)
    assert told("keys", "list", *there)[2].startswith("there are no keys")
    key = told("keys", "create", "ci", *there)[1].rstrip("\n")
    told("keys", "create", "ops", "--scope", "admin", "--expires", "2099-01-01", *there)
    told("keys", "revoke", "ci", *there)
    _, printed, _ = told("keys", "list", "--json", *there)
    ci, ops = msgspec.json.decode(printed)
    assert (ci["name"], ci["scope"], ci["state"], ci["expires_at"]) == (
        "ci",
        "run",
        "revoked",
        None,
    )
    assert ops["state"] == "valid"
    assert (ops["expires_at"], ops["revoked_at"]) == ("2099-01-01T00:00:00+00:00", None)
    _, table, _ = told("keys", "list", *there)
    for cell in ("ci", "run", "revoked", ci["revoked_at"], "ops", "admin", "valid"):
        assert cell in table
    assert key not in printed + table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create", "key-1"], "'key-1' cannot be the name of a key"),
        (["create", "ci", "--expires", "yesterday"], "--expires yesterday: neither a span such as"),
        (["revoke", "ci"], "there is no key 'ci' to be revoked; there are none"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, arguments: list[str], message: str) -> None:
    code, printed, refusal = told("keys", *arguments, "--data-dir", tmp_path)
    assert (code, printed) == (1, "")
    assert message in refusal
    assert refusal.count("\n") == 1


def test_a_service_does_not_start_on_keys_that_others_can_read(tmp_path: Path) -> None:
    told("keys", "create", "ci", "--data-dir", tmp_path)
    (tmp_path / "keys.json").chmod(0o644)
    code, printed, refusal = told("serve", "--port", 0, "--data-dir", tmp_path)
    assert (code, printed) == (1, "")
    assert refusal.endswith("keys.json is open to other users; chmod 600 it\n")

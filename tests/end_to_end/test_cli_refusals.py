"""What a user can get wrong is answered with one sentence and exit code 1."""

import os
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.files import written_whole
from service.cli.main import app
from tests.end_to_end.processes import Service, free_port

DATES = ("--start", "2005-01-01", "--end", "2008-01-01")
NO_RUN = "00000000-0000-0000-0000-000000000000"


def refused(*arguments: object) -> str:
    """Run a command, in this process, that cannot do what it is asked; what it says."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stdout) == (1, "")
    return result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--symbol", "AAPL"], "start_date"),
        (["run", "--symbol", "AAPL", *DATES, "--param", "x=1"], "buy_and_hold has no such param"),
        (["run", "--symbol", "AAPL", *DATES, "--param", "x"], "--param 'x' is not of the form"),
        (["run", "--symbol", "A", *DATES, "--execution", "commission_bps=-1"], "commission_bps"),
        (["run", "--symbol", "A", *DATES, "--capital", "nan"], "initial_capital"),
        (["run", "--symbol", "A", *DATES, "--strategy", "none"], "unknown strategy 'none'; there"),
        (["run", "--symbol", os.fsdecode(b"\xff"), *DATES], "utf-8"),
        (["runs", "--limit", "201"], "query parameter limit"),
        (["runs", "--state", "done"], "allowed: cancelled, completed, failed, queued, running"),
        (["results", NO_RUN], f"there is no backtest '{NO_RUN}'"),
        (["results", "a?b#c/../d"], "there is no"),
    ],
)
def test_what_the_service_refuses_is_told(
    service: Service, arguments: list[str], message: str
) -> None:
    refusal = refused(*arguments, "--url", service.url)
    assert message in refusal
    assert refusal.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        (b"{", [], "does not hold a JSON object"),
        (b"[]", [], "does not hold a JSON object"),
        (b'{"a":"\xff"}', [], "does not hold a JSON object"),
        (b'{"a":' * 100_000, [], "does not hold a JSON object"),
        (b'{"strategy":"rsi"}', ["--param", "period=3"], "the request's strategy is no JSON"),
        (b'{"strategy":{"params":1}}', ["--param", "a=3"], "the request's params is no JSON"),
        (b'{"execution":[]}', ["--execution", "a=3"], "the request's execution is no JSON"),
    ],
)
def test_a_file_that_holds_no_request_is_told(
    tmp_path: Path, text: bytes, flags: list[str], message: str
) -> None:
    file = tmp_path / "spec.json"
    file.write_bytes(text)
    assert message in refused("run", file, *flags)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    assert refused("run", path) == f"{path}: No such file or directory\n"


@pytest.mark.parametrize(
    ("output", "problem"), [("none/x.html", "No such file or directory"), ("", "Is a directory")]
)
def test_a_place_that_nothing_can_be_written_to_is_told_as_it_was_given(
    tmp_path: Path, output: str, problem: str
) -> None:
    path = tmp_path / output
    with pytest.raises(OSError, match=problem) as raised, written_whole(path) as file:
        file.write(b"page")
    assert raised.value.filename == str(path)
    assert list(tmp_path.parent.glob("*.part")) == []


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000", "ftp://a", "http://", "http://a:b", "http://a:99999", "http://[::1", "a\nb"],
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    assert "is not the URL of a service such as http://127.0.0.1:8000" in refused(
        "runs", "--url", url
    )


def test_a_service_out_of_reach_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for key in ("key", "clé"):
        assert f"{url} cannot be reached" in refused("runs", "--url", url, "--api-key", key)


@pytest.mark.parametrize("command", [["serve"], ["runs"], ["run"], ["results", NO_RUN]])
def test_a_setting_that_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("BACKTAPE_POTR", "1")
    assert "BACKTAPE_POTR is not a setting; did you mean BACKTAPE_PORT?" in refused(*command)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "set BACKTAPE_API_KEY, or listen on 127.0.0.1, or say --insecure"),
        (["--host", "example.org"], "'example.org' is not"),
        (["--port", "65536"], "--port is 65536: expected `int` <= 65535"),
    ],
)
def test_an_address_that_may_not_be_listened_on_is_told(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert message in refused("serve", *arguments, "--data-dir", tmp_path)


def test_without_a_key_only_insecure_listens_beyond_loopback(tmp_path: Path) -> None:
    with socket.create_server(("", 0)) as taken:
        address = ("--host", "0.0.0.0", "--port", taken.getsockname()[1])
        refusal = refused("serve", *address, "--insecure", "--data-dir", tmp_path)
    assert "cannot listen on 0.0.0.0 port" in refusal

"""Posts that are sent again after the service has died: each run is there once."""

from pathlib import Path
from typing import Any

from service.client.client import Client
from tests.end_to_end.processes import Service, backtape, free_port, whole_log

REQUEST: dict[str, Any] = {
    "symbols": ["MADE"],
    "start_date": "2020-01-01",
    "end_date": "2020-12-31",
    "data_source": "synthetic",
}
FLAGS = ["--symbol", "MADE", "--start", "2020-01-01", "--end", "2020-12-31"]


async def made(log: Path) -> list[str]:
    return [event.stream for event in await whole_log(log) if event.event_id == 1]


async def test_a_key_stands_for_its_run_after_a_crash(tmp_path: Path) -> None:
    port = free_port()
    service = Service(tmp_path / "data", port=port)
    async with Client(service.url) as client:
        first = await client.create(REQUEST, idempotency_key="nightly")
        service.kill()
        service = Service(tmp_path / "data", port=port)
        assert await client.create(REQUEST, idempotency_key="nightly") == first
    assert service.end() == 0
    assert await made(service.log) == [f"backtest-{first['run_id']}"]


async def test_a_command_that_is_repeated_runs_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    place = ["--data-dir", folder, "--data-source", "synthetic", "--json"]
    command = ["run", *FLAGS, "--idempotency-key", "nightly", *place]
    first, again = backtape(*command), backtape(*command)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert again.stdout == first.stdout
    assert len(await made(folder / "log.db")) == 1

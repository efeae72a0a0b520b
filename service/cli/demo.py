"""``backtape demo``: the whole way from prices to results, with a broken connection on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from service.cli.failures import failures_told

if TYPE_CHECKING:
    from rich.console import Console

    from service.client.client import StreamEvent

REQUEST: dict[str, Any] = {
    "name": "demo",
    "symbols": ["AAPL", "MSFT", "IBM"],
    "start_date": "2000-03-01",
    "end_date": "2013-03-01",
    "strategy": {"name": "ma_crossover", "params": {"short_period": 20, "long_period": 100}},
    "execution": {"slippage_bps": 1.0, "commission_bps": 5.0},
    "benchmark_symbol": "IBM",
}


def demo() -> None:
    """Run a backtest over HTTP in a temporary folder and break its stream half-way on purpose."""
    import uvloop
    from rich.console import Console

    from service.cli.data import sample

    console = Console(highlight=False)
    with failures_told(), TemporaryDirectory(prefix="backtape-demo-") as folder:
        console.rule("Sample prices into the catalog")
        sample(Path(folder))
        console.rule("Starting the service")
        with _service(Path(folder)) as url:
            console.print(f"listening on {url}")
            uvloop.run(_demonstrate(url, console))
    console.print("The service has stopped; its folder is gone.")


async def _demonstrate(url: str, console: "Console") -> None:
    import msgspec

    from service.cli.report import show_results
    from service.client.client import Client

    async with Client(url) as client:
        console.rule("POST /backtests")
        console.print_json(data=REQUEST, indent=None)
        status = await client.create(REQUEST)
        console.print(f"201, run {status['run_id']}, {status['state']}")
        console.rule("WS /backtests/{run_id}/stream")
        events = await _follow_with_a_break(client, status["run_id"], console)
        ids = [event.event_id for event in events]
        assert ids == list(range(1, len(ids) + 1)), "an event was lost, doubled or reordered"
        console.print(f"events 1 to {ids[-1]}: none lost, none twice, none out of order")
        console.rule("GET /backtests/{run_id}/results")
        show_results(console, msgspec.json.decode(await client.results(status["run_id"])))


async def _follow_with_a_break(client: Any, run_id: str, console: "Console") -> list["StreamEvent"]:
    from contextlib import aclosing

    from service.cli.report import progress_bar

    events: list[StreamEvent] = []
    with progress_bar(console) as progress:
        bar = progress.add_task("progress", total=1.0, note="")

        async def follow_until(share: float) -> None:
            after = len(events)
            async with aclosing(client.follow(run_id, after)) as stream:
                async for event in stream:
                    events.append(event)
                    if event.type == "progress":
                        done = event.payload["progress"]
                        progress.update(bar, completed=done, note=event.payload["timestamp"][:10])
                        if done >= share:
                            return

        await follow_until(0.5)
        cut = events[-1].event_id
        progress.console.print(f"connection broken on purpose after event {cut}")
        progress.console.print(f"reconnecting with last_event_id={cut}")
        await follow_until(float("inf"))
    return events


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """Run ``backtape serve`` on a free port; gives its URL, stops it at the end of the block."""
    command = [sys.executable, "-P", "-m", "service.cli.main", "serve", "--port", "0"]
    environment = {**os.environ, "BACKTAPE_LOG_LEVEL": "warning"}
    with subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as service:
        try:
            assert service.stdout is not None
            announcement = service.stdout.readline()
            if "listening on " not in announcement:
                raise OSError(f"the service did not start (exit code {service.wait()})")
            yield announcement.split("listening on ")[1].split()[0]
        finally:
            service.terminate()
            service.wait()

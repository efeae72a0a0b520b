"""``backtape audit``: whether the log is what was written, and its runs come out the same."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.cli.failures import failures_told
from service.cli.options import DataDirectory, Json

if TYPE_CHECKING:
    from service.audit.report import AuditReport
    from service.settings import Settings


def audit(
    run_id: Annotated[str | None, typer.Argument(help="The run to audit.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Audit the whole log.")] = False,
    reexecute: Annotated[
        bool, typer.Option("--reexecute", help="Simulate again and compare every event.")
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint that was kept elsewhere."),
    ] = None,
    as_json: Json = False,
    data_dir: DataDirectory = None,
) -> None:
    """Audit a data folder, beside a running service or without. Exit code 1: something is wrong."""
    if everything == (run_id is not None):
        raise typer.BadParameter("give either a RUN_ID or --all")
    run_id = None if run_id is None else _canonical(run_id)
    with failures_told():
        from service.settings import Settings

        settings = Settings.from_environment(os.environ, data_dir=data_dir)
        report = _audit(settings, run_id, checkpoint, reexecute=reexecute)
    _show(report, as_json=as_json)
    if report.findings:
        raise typer.Exit(1)


def _canonical(run_id: str) -> str:
    try:
        return str(UUID(run_id))
    except ValueError:
        raise typer.BadParameter(f"{run_id!r} is not a run_id, which is a UUID") from None


def _audit(
    settings: "Settings", run_id: str | None, checkpoint: Path | None, *, reexecute: bool
) -> "AuditReport":
    import uvloop

    from service.audit.checkpoint import read_checkpoint
    from service.audit.inspection import check_stored
    from service.projections import stream_of

    stream = None if run_id is None else stream_of(run_id)
    kept = checkpoint and read_checkpoint(checkpoint.read_bytes(), str(checkpoint))
    report = check_stored(settings.log_path, stream, kept or None)
    if reexecute:
        uvloop.run(_simulate_again(settings, stream, report))
    return report


async def _simulate_again(settings: "Settings", stream: str | None, report: "AuditReport") -> None:
    from rich.console import Console

    from eventstore.store import EventStore
    from service.audit.inspection import simulate_again
    from service.cli.report import progress_bar

    async with await EventStore.open(settings.log_path, read_only=True) as store:
        with progress_bar(Console(stderr=True)) as bar:
            task = bar.add_task("simulating again", total=None, note="")

            def progress(done: int, runs: int) -> None:
                bar.update(task, completed=done, total=runs, note=f"{done} of {runs} runs")

            await simulate_again(store, settings, stream, report, progress)


def _show(report: "AuditReport", *, as_json: bool) -> None:
    import msgspec
    from rich.console import Console
    from rich.table import Table

    from service.cli.plain import plain

    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
        return
    console = Console()
    console.print(plain(_summary(report)), soft_wrap=True)
    for note in report.notes:
        console.print(plain(f"note: {note}"), soft_wrap=True)
    if report.findings:
        table = Table("check", "position", "stream", "event", "what is wrong", title="Findings")
        for finding in report.findings:
            where = (finding.position, finding.stream, finding.event_id)
            cells = (plain("" if value is None else value) for value in where)
            table.add_row(finding.check, *cells, plain(finding.reason))
        console.print(table)


def _summary(report: "AuditReport") -> str:
    lines = [
        f"log {report.log_id}, {report.size:,} events",
        f"hashes recomputed from stored bytes: {report.events:,} events are right",
    ]
    if report.root is not None:
        lines.append(f"Merkle root over {report.size:,} events: {report.root}")
    if report.runs:
        lines.append(f"simulated again: {report.runs:,} runs, {report.compared:,} events the same")
    lines.append(f"{len(report.findings)} findings" if report.findings else "nothing is wrong")
    return "\n".join(lines)

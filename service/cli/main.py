"""The command ``backtape``."""

import typer

from service.cli import (
    audit,
    data,
    demo,
    evidence,
    keys,
    optimizations,
    runs,
    serve,
    strategies,
    upkeep,
)

app = typer.Typer(
    name="backtape",
    help="An event-sourced backtest service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app)
app.add_typer(strategies.app)
app.add_typer(keys.app)
app.command("serve")(serve.serve)
app.command("run")(runs.run)
app.command("runs")(runs.list_runs)
app.command("results")(runs.results)
app.command("report")(runs.report)
app.command("optimize")(optimizations.optimize)
app.command("optimizations")(optimizations.list_optimizations)
app.command("demo")(demo.demo)
app.command("audit")(audit.audit)
app.command("checkpoint")(evidence.checkpoint)
app.command("audit-key")(evidence.audit_key)
app.add_typer(evidence.prove_app)
app.command("verify-checkpoint")(evidence.verify_checkpoint)
app.command("export")(evidence.export)
app.command("verify")(evidence.verify)
app.command("rebuild")(upkeep.rebuild)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

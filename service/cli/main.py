"""The command ``backtape``."""

import typer

from service.cli import data, demo, runs, serve

app = typer.Typer(
    name="backtape",
    help="An event-sourced backtest service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app)
app.command("serve")(serve.serve)
app.command("run")(runs.run)
app.command("runs")(runs.list_runs)
app.command("results")(runs.results)
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

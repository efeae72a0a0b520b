"""Results as a table for the terminal."""

from io import StringIO

from rich.console import Console

from service.cli.report import show_results


def test_a_log_line_of_a_strategy_is_shown_with_its_bar() -> None:
    logs = [
        {"message": "AAPL: bars begin late", "level": "warning"},
        {"message": "cut", "level": "info", "bar": "2024-01-02T00:00:00+00:00"},
        {"message": "cut", "level": "info", "bar": "2024-01-02T09:30:00+00:00"},
    ]
    shown = StringIO()
    console = Console(file=shown, width=80)
    show_results(console, {"logs": logs, "metrics_summary": {}, "trades": []})
    assert shown.getvalue().splitlines()[:3] == [
        "warning: AAPL: bars begin late",
        "2024-01-02 info: cut",
        "2024-01-02 09:30:00 info: cut",
    ]

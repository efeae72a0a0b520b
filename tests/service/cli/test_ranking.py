"""Optimizations on a terminal: whole figures where there is little room, and no one's colours."""

import io
from typing import Any

from rich.console import Console

from service.cli.ranking import show_optimizations, show_ranking

METRICS = {
    "total_return": 4007.58123,
    "sharpe_ratio": 1.401234,
    "max_drawdown": 28.4747,
    "total_trades": 25,
}


def trial(**params: Any) -> dict[str, Any]:
    measured = {"value": 1.705381, "gap": -0.429596, "full": METRICS}
    return {"rank": 1, "number": 37, "params": params, **measured}


def shown(*trials: dict[str, Any], width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    show_ranking(console, {"all_trials": list(trials)})
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_figure_can_be_read_on_a_terminal_of_eighty_columns() -> None:
    text = shown(trial(short_period=45, long_period=60))
    (row,) = [line for line in text.splitlines() if "1.7054" in line]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:6] == ["1", "37", "1.7054", "-0.4296", "45", "60"]
    assert cells[6:] == ["4,007.6", "1.4012", "28.475", "25"]
    assert max(map(len, text.splitlines())) <= 80


def test_what_has_no_figures_is_shown_all_the_same() -> None:
    failed = trial(symbols=["AAPL", "MSFT"]) | {"value": None, "gap": None, "full": None}
    assert "['AAPL', 'MSFT']" in shown(failed, width=120)
    assert "Best trials" in shown()


def test_what_others_wrote_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in shown(trial(mode="\x1b[31mred"), width=160)
    console = Console(file=io.StringIO(), width=200)
    status = {"optimization_id": "1", "name": "[b]a\x1b[31m", "state": "failed", "trials": 2}
    ended = {"trials_completed": 0, "trials_failed": 2, "best_trial": None}
    told = {"created_at": "2026-01-05T09:30:00+00:00", "error": "three\x1b[31m"}
    show_optimizations(console, [status | ended | told])
    assert isinstance(console.file, io.StringIO)
    assert r"[b]a\x1b[31m" in console.file.getvalue()
    assert r"three\x1b[31m" in console.file.getvalue()

"""The metrics of a run in groups, with the words and the units that a reader knows them by."""

from service.report import wording
from service.report.markup import Html, element
from service.report.tables import table
from service.report.wording import Number, Wording

GROUPS: dict[str, dict[str, tuple[str, Wording]]] = {
    "Return": {
        "total_return": ("Total return", wording.percent),
        "annualized_return": ("Annualised return", wording.percent),
        "initial_capital": ("Initial capital", wording.amount),
        "final_value": ("Final value", wording.amount),
    },
    "Risk": {
        "volatility": ("Volatility, annual", wording.percent),
        "sharpe_ratio": ("Sharpe ratio", wording.ratio),
        "sortino_ratio": ("Sortino ratio", wording.ratio),
        "calmar_ratio": ("Calmar ratio", wording.ratio),
        "max_drawdown": ("Maximum drawdown", wording.percent),
        "max_drawdown_duration_days": ("Longest drawdown", wording.day_count),
        "var_95": ("Value at risk, 95 %, one day", wording.percent),
        "cvar_95": ("Expected shortfall, 95 %, one day", wording.percent),
        "skewness": ("Skewness", wording.ratio),
        "kurtosis": ("Excess kurtosis", wording.ratio),
    },
    "Round trips": {
        "total_trades": ("Closed round trips", wording.count),
        "win_rate": ("Win rate", wording.percent),
        "profit_factor": ("Profit factor", wording.ratio),
        "average_win": ("Average win", wording.amount),
        "average_loss": ("Average loss", wording.amount),
        "largest_win": ("Largest win", wording.amount),
        "largest_loss": ("Largest loss", wording.amount),
    },
    "Trading": {
        "total_fills": ("Fills", wording.count),
        "total_commissions": ("Commissions", wording.amount),
        "total_slippage_cost": ("Slippage", wording.amount),
        "turnover": ("Turnover, of mean equity", wording.ratio),
        "exposure_time": ("Time in the market", wording.percent),
    },
    "Against the benchmark": {
        "alpha": ("Alpha, annual", wording.percent),
        "beta": ("Beta", wording.ratio),
        "information_ratio": ("Information ratio", wording.ratio),
        "tracking_error": ("Tracking error, annual", wording.percent),
    },
}
HEADLINES = (
    "total_return", "annualized_return", "sharpe_ratio", "volatility", "max_drawdown", "win_rate"
)  # fmt: skip


def headlines(metrics: dict[str, Number]) -> Html:
    """The six figures that everyone looks for first."""
    known = {name: shown for group in GROUPS.values() for name, shown in group.items()}
    tiles = []
    for name in HEADLINES:
        label, words = known[name]
        figure = element("strong", words(metrics.get(name)))
        tiles.append(element("li", element("span", label), figure))
    return element("ul", *tiles, class_="headlines")


def every_metric(metrics: dict[str, Number]) -> Html:
    """All metrics, group by group; a group of which the run has none is left out."""
    groups = []
    for title, group in GROUPS.items():
        rows = [
            [label, words(metrics[name])]
            for name, (label, words) in group.items()
            if name in metrics
        ]
        if rows:
            groups.append(element("div", table([title, ""], rows)))
    return element("div", *groups, class_="columns")

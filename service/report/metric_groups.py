"""The metrics of a run in groups, with the words and the units that a reader knows them by."""

from collections.abc import Iterable

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
METRICS = {name: shown for group in GROUPS.values() for name, shown in group.items()}
NAMED_FOR = ("Sharpe", "Sortino", "Calmar")
HEADLINES = (
    "total_return", "annualized_return", "sharpe_ratio", "volatility", "max_drawdown", "win_rate"
)  # fmt: skip


def label_of(metric: str) -> str:
    """The words that a reader knows a metric by; its own name where there are none."""
    return METRICS[metric][0] if metric in METRICS else metric


def phrase_of(metric: str) -> str:
    """The same words within a sentence: small, but for names."""
    label = label_of(metric)
    return label if label.startswith(NAMED_FOR) else label[0].lower() + label[1:]


def worded(metric: str, value: Number) -> str:
    """A metric's value with its unit."""
    words = METRICS[metric][1] if metric in METRICS else wording.ratio
    return words(value)


def headlines(metrics: dict[str, Number]) -> Html:
    """The six figures that everyone looks for first."""
    return tiles((label_of(name), worded(name, metrics.get(name))) for name in HEADLINES)


def tiles(figures: Iterable[tuple[str, str]]) -> Html:
    """Figures in a row, each under its label."""
    shown = (
        element("li", element("span", label), element("strong", figure))
        for label, figure in figures
    )
    return element("ul", *shown, class_="headlines")


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

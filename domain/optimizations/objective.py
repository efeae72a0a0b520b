"""What a sweep can be ranked by: the metrics of a backtest."""

METRICS = (
    "initial_capital", "final_value", "total_return", "annualized_return", "volatility",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown", "max_drawdown_duration_days",
    "var_95", "cvar_95", "skewness", "kurtosis", "total_trades", "total_fills", "win_rate",
    "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss",
    "total_commissions", "total_slippage_cost", "turnover", "exposure_time",
)  # fmt: skip
"""Those of every backtest, in the order of its summary."""

BENCHMARK_METRICS = ("alpha", "beta", "information_ratio", "tracking_error")
"""Those of a backtest with a benchmark, after the others."""

"""Parameter optimizations: sweeps of trials over one backtest."""

"""What a backtest is: runs, engine, strategies, market types. No I/O, no clock, no async."""

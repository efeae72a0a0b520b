"""The append-only event log: streams, positions, hash chain, subscriptions. Knows no backtest."""

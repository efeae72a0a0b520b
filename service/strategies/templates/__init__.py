"""What ``backtape strategy new`` begins with: each file a strategy that works as it stands."""

"""Lists of runs and optimizations: narrowed, sorted, and in pages of one moment of the log."""

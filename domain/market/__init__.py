"""Market data as values: bars, resolutions, synthetic prices, resampling."""

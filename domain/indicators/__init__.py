"""Compiled one-pass indicators over float64 arrays."""

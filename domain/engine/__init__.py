"""The simulation: matching, accounts, the compiled kernel, the tape, metrics."""

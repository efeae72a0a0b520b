"""The parts of a run's results as tables: read, thinned, written in five forms."""

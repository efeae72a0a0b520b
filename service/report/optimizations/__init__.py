"""The report of a sweep: its trials, and how much to trust the best of them, on one page."""

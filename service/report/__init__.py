"""The tear sheet: a run's results as one HTML page that needs nothing else."""

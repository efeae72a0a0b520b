"""What a run's tape says about its performance over time: derived, never recorded."""

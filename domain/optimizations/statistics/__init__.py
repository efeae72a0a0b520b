"""What a sweep's results are worth: pure functions over the daily returns of its trials."""

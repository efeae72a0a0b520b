"""What every request meets: ids, headers, keys, limits, errors."""

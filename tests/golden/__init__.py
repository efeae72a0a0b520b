"""Golden runs: inputs and every event's bytes, kept so that no change goes unnoticed."""

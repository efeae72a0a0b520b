"""What `make bench` measures: every figure beside its yardstick, in one run."""

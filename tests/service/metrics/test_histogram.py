"""Distributions as Prometheus counts them: cumulative, each bound included."""

from service.metrics.histogram import Histogram


def test_a_value_counts_in_every_bucket_that_it_is_not_above() -> None:
    histogram = Histogram((1, 2.5))
    for value in (0.5, 1, 1.5, 2.5, 7):
        histogram.observe(value)
    assert histogram.buckets() == [("1", 2), ("2.5", 4), ("+Inf", 5)]
    assert histogram.sum == 12.5


def test_one_that_was_never_asked_has_all_its_buckets() -> None:
    assert Histogram((1,)).buckets() == [("1", 0), ("+Inf", 0)]

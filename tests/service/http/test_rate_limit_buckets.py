"""The buckets themselves: bounded in number, exact in time."""

from hypothesis import given
from hypothesis import strategies as st

from service.http.rate_limit import MICROSECONDS, RateLimit


def test_no_more_buckets_than_the_bound_however_many_clients_come() -> None:
    rate_limit = RateLimit(limit=10, window=60, buckets_max=100)
    for number in range(10_000):
        rate_limit.take(f"client {number}", now=number)
        assert len(rate_limit) <= 100


def test_beyond_the_bound_the_longest_unused_bucket_goes() -> None:
    rate_limit = RateLimit(limit=2, window=60, buckets_max=2)
    rate_limit.take("a", now=0)
    rate_limit.take("b", now=1)
    rate_limit.take("a", now=2)
    rate_limit.take("c", now=3)
    assert rate_limit.take("a", now=4).wait > 0
    assert rate_limit.take("b", now=5).remaining == 1


def test_full_buckets_are_dropped() -> None:
    rate_limit = RateLimit(limit=10, window=60)
    for number in range(1_000):
        rate_limit.take(f"client {number}", now=0)
    assert len(rate_limit) == 1_000
    rate_limit.take("the last", now=6 * MICROSECONDS)
    assert len(rate_limit) == 1


def test_a_refused_request_takes_nothing() -> None:
    rate_limit = RateLimit(limit=1, window=10)
    rate_limit.take("a", now=0)
    waits = [rate_limit.take("a", now=second * MICROSECONDS).wait for second in range(10)]
    assert waits == [second * MICROSECONDS for second in range(10, 0, -1)]
    assert rate_limit.take("a", now=10 * MICROSECONDS).wait == 0


@given(
    limit=st.integers(1, 50),
    window=st.integers(1, 120),
    pauses=st.lists(st.integers(0, 5 * MICROSECONDS), max_size=200),
)
def test_no_window_lets_more_than_twice_the_limit_through(
    limit: int, window: int, pauses: list[int]
) -> None:
    """A full bucket and what flows in while a window passes, as for any token bucket."""
    rate_limit = RateLimit(limit, window)
    now, passed = 0, []
    for pause in pauses:
        now += pause
        allowance = rate_limit.take("a", now)
        assert 0 <= allowance.remaining < limit
        if not allowance.wait:
            passed.append(now)
    for start in passed:
        within = [time for time in passed if start <= time < start + window * MICROSECONDS]
        assert len(within) <= 2 * limit

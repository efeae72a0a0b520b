"""Time as it is told."""

from service import clock


def test_the_clocks_agree_on_units() -> None:
    before, now, after = clock.now_seconds(), clock.now_microseconds(), clock.now_seconds()
    assert before <= now // 1_000_000 <= after
    assert clock.monotonic_microseconds() <= clock.monotonic_microseconds()

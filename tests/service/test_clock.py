"""Time as it is told."""

import pytest

from service import clock


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (1_704_067_200_000_000, "2024-01-01T00:00:00+00:00"),
        (1_704_067_200_000_001, "2024-01-01T00:00:00.000001+00:00"),
        (1_704_067_199_999_999, "2023-12-31T23:59:59.999999+00:00"),
        (-1, "1969-12-31T23:59:59.999999+00:00"),
    ],
)
def test_iso_is_exact_to_the_microsecond(microseconds: int, text: str) -> None:
    assert clock.iso(microseconds) == text


def test_the_clocks_agree_on_units() -> None:
    before, now, after = clock.now_seconds(), clock.now_microseconds(), clock.now_seconds()
    assert before <= now // 1_000_000 <= after
    assert clock.monotonic_microseconds() <= clock.monotonic_microseconds()

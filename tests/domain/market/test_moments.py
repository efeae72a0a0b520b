"""Moments as text and back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.market.moments import iso, since_epoch

YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999


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
    assert iso(microseconds) == text
    assert since_epoch(datetime.fromisoformat(text).astimezone(UTC)) == microseconds


@example(YEAR_1)
@example(YEAR_9999)
@given(st.integers(YEAR_1, YEAR_9999))
def test_iso_is_what_datetime_says(microseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert iso(microseconds) == moment.isoformat()
    assert since_epoch(moment) == microseconds

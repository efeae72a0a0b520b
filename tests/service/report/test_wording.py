"""Numbers as they are read."""

from datetime import UTC, datetime

import pytest

from service.report import wording
from service.report.wording import Wording


@pytest.mark.parametrize(
    ("words", "value", "text"),
    [
        (wording.percent, 12.345, "12.35 %"),
        (wording.percent, -1234.5, "\N{MINUS SIGN}1,234.50 %"),
        (wording.ratio, 0.0, "0.00"),
        (wording.amount, 1_234_567.8, "1,234,568"),
        (wording.amount, -12.345, "\N{MINUS SIGN}12.35"),
        (wording.count, 12_345, "12,345"),
        (wording.quantity, 0.5, "0.5"),
        (wording.quantity, 1_000.0, "1,000"),
        (wording.quantity, 3.14159, "3.1416"),
        (wording.day_count, 660, "660 days"),
    ],
)
def test_numbers(words: Wording, value: float, text: str) -> None:
    assert words(value) == text
    assert words(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.25, "0.25 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"),
     (86_400, "24 h"), (172_800, "2 days"), (1e8, "1,157 days")],
)  # fmt: skip
def test_how_long_a_position_was_held(seconds: float, text: str) -> None:
    assert wording.holding(seconds) == text


def test_midnights_are_days() -> None:
    assert wording.moment(datetime(2024, 1, 2, tzinfo=UTC)) == "2024-01-02"
    assert wording.moment(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2024-01-02 03:04:05"
    assert wording.moment(None) == "\N{EN DASH}"

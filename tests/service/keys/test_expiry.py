import pytest

from service.keys.expiry import read_expiry
from service.keys.key_file import KeysError

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12h", 12 * 3600),
        ("90d", 90 * 86_400),
        ("2027-01-16", 16 * 3600),
        ("2027-01-15T08:00:01", 1),
        ("2027-01-15T08:00:01+00:00", 1),
        ("2027-01-15T10:00:01+01:00", 3601),
    ],
)
def test_a_span_a_date_or_a_moment(text: str, seconds: int) -> None:
    assert read_expiry(text, NOW) == NOW + seconds


@pytest.mark.parametrize("text", ["2027-01-15T08:00:00Z", "2027-01-15", "0001-01-01"])
def test_what_is_over_is_refused(text: str) -> None:
    with pytest.raises(KeysError, match=f"--expires {text}: that is over"):
        read_expiry(text, NOW)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "5", "5m", "90 d", "tomorrow", "2027-13-01"])
def test_what_is_neither_is_told_what_would_be_right(text: str) -> None:
    with pytest.raises(KeysError, match="neither a span such as 90d or 12h nor ISO 8601"):
        read_expiry(text, NOW)

"""Cursors: what was written is read again, and nothing else is."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.cursors import CURSOR_CHARACTERS_MAX, Cursors, Place
from service.http.errors import BadRequestError

LOG = "0123456789abcdef0123456789abcdef"
OF = "/backtests?state=completed"
ALPHABET = string.ascii_letters + string.digits + "-_"
PLACE = Place(310, (0, -1.5, -17), 23)


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(LOG, b"secret")


@given(
    position=st.integers(0, 2**63 - 1),
    after=st.lists(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)).map(tuple),
    total=st.none() | st.integers(0, 2**63 - 1),
)
def test_a_place_is_read_as_it_was_written(
    position: int, after: tuple[int | float, ...], total: int | None
) -> None:
    cursors, place = Cursors(LOG, b"secret"), Place(position, after, total)
    assert cursors.read(cursors.write(OF, place), OF) == place


def test_a_cursor_is_short_and_needs_no_quoting(cursors: Cursors) -> None:
    longest = cursors.write(OF, Place(2**63 - 1, (1, -1.23456789012345e-300, -(2**63)), 2**63 - 1))
    assert len(longest) < CURSOR_CHARACTERS_MAX
    assert longest.replace("-", "").replace("_", "").isalnum()


def test_another_process_of_the_service_reads_it(cursors: Cursors) -> None:
    assert Cursors(LOG, b"secret").read(cursors.write(OF, PLACE), OF) == PLACE


@pytest.mark.parametrize("total", [None, 2**8, 2**16])  # texts that end in other places
def test_no_character_can_be_changed(cursors: Cursors, total: int | None) -> None:
    text = cursors.write(OF, Place(310, (0, -1.5, -17), total))
    for index, character in enumerate(text):
        for other in ALPHABET:
            if other != character:
                changed = text[:index] + other + text[index + 1 :]
                with pytest.raises(BadRequestError, match="cursor: it was changed"):
                    cursors.read(changed, OF)


@pytest.mark.parametrize("between", ["!", "=", "\n", " ", "é"])
def test_nothing_can_be_put_in(cursors: Cursors, between: str) -> None:
    text = cursors.write(OF, PLACE)
    with pytest.raises(BadRequestError, match="cursor: it was changed"):
        cursors.read(text[:10] + between + text[10:], OF)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text + "A", str.lower])
def test_a_cursor_of_another_length_or_case_is_refused(
    cursors: Cursors, change: Callable[[str], str]
) -> None:
    with pytest.raises(BadRequestError, match="cursor: it was changed"):
        cursors.read(change(cursors.write(OF, PLACE)), OF)


@pytest.mark.parametrize("text", ["", "A", "nonsense", "=" * 8, "é", "a b", "\x00", "A" * 512])
def test_what_is_no_cursor_is_refused(cursors: Cursors, text: str) -> None:
    with pytest.raises(BadRequestError, match='take it as it stands from Link: rel="next"'):
        cursors.read(text, OF)


def test_the_cursor_of_another_service_is_refused(cursors: Cursors) -> None:
    with pytest.raises(BadRequestError, match="is not one of this service"):
        cursors.read(Cursors(LOG, b"another").write(OF, PLACE), OF)


def test_the_cursor_of_another_log_is_refused(cursors: Cursors) -> None:
    other = LOG[::-1]
    with pytest.raises(BadRequestError, match=f"of the log {other}, this one is {LOG}"):
        cursors.read(Cursors(other, b"secret").write(OF, PLACE), OF)


def test_the_cursor_of_another_list_is_refused(cursors: Cursors) -> None:
    with pytest.raises(BadRequestError, match="cursor: it is of another list"):
        cursors.read(cursors.write("/backtests", PLACE), OF)

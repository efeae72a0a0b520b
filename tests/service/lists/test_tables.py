"""Names as they are compared."""

import pytest

from service.lists.tables import searched


@pytest.mark.parametrize(
    ("name", "looked_for"),
    [
        ("Fluß Süd", "FLUSS"),
        ("M\u00e9nage", "me\u0301nage"),
        ("Me\u0301nage", "M\u00c9NAGE"),
        ("\u1e9b\u0323", "\u1e69"),
    ],
)
def test_a_name_is_found_whatever_its_case_and_composition(name: str, looked_for: str) -> None:
    known, word = searched(name), searched(looked_for)
    assert known is not None
    assert word is not None
    assert word in known


def test_a_letter_is_not_found_in_one_with_an_accent() -> None:
    assert searched("e") != searched("\u00e9") == "\u00e9"


def test_no_name_is_none() -> None:
    assert searched(None) is None

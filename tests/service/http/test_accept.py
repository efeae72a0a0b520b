"""Which form a client gets, by what its ``Accept`` says."""

import pytest

from service.http.accept import negotiated, wanted_form
from service.http.errors import NotAcceptableError

FORMS = ("application/json", "text/csv", "application/vnd.apache.parquet")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("Text/CSV; header=present", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/json"),
        ("text/csv, application/json", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("application/json;q=0.5, text/csv;q=0.6", "text/csv"),
        ("text/csv;q=0.5, */*", "application/json"),
        ("*/*, text/csv", "application/json"),
        ("*/*;q=0.1, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/json;q=0, */*", "text/csv"),
        ("application/json;q=0, text/csv;q=0, */*", "application/vnd.apache.parquet"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/json ; q = 0.2 , text/*;q=0.3", "text/csv"),
    ],
)
def test_the_form_with_the_highest_quality_is_chosen(accept: str, form: str) -> None:
    assert negotiated(accept, FORMS) == form


@pytest.mark.parametrize(
    "accept", ["image/png", "text/html;q=1, image/*", "*/*;q=0", "text/csv;q=0", "text/csv;q=much"]
)
def test_where_no_form_fits_the_refusal_names_those_there_are(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as refused:
        negotiated(accept, FORMS)
    assert refused.value.detail.endswith(", ".join(FORMS))


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/csv;q=0.1, */*", "text/csv"),
        ("text/csv, application/vnd.apache.parquet", "text/csv"),
    ],
)
def test_a_route_that_always_answers_looks_for_names_only(accept: str, form: str) -> None:
    assert wanted_form(accept, FORMS) == form

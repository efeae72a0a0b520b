"""Which of the forms of an answer a client likes best."""

from collections.abc import Sequence
from typing import TypeVar

from service.http.errors import NotAcceptableError

Form = TypeVar("Form", bound=str)


def wanted_form(accept: str, forms: Sequence[Form]) -> Form:
    """The form that an ``Accept`` header likes best; the first where it names none of them.

    After RFC 9110, 12.5.1. A range with a wildcard names no form; of equals the header's first
    wins.
    """
    best, best_quality = forms[0], 0.0
    for name, quality in weighed(accept):
        if name in forms and quality > best_quality:
            best, best_quality = forms[forms.index(name)], quality
    return best


def negotiated(accept: str, forms: Sequence[Form]) -> Form:
    """The form that an ``Accept`` header likes best; the first where it has no wish.

    After RFC 9110, 12.5.1: of the ranges that a form fits, the most specific one says its quality;
    of equals the header's first wins. Raises :class:`NotAcceptableError` where it fits none.
    """
    ranges = weighed(accept)
    ranks = {form: _rank(form, ranges) for form in forms}
    best = max(forms, key=ranks.__getitem__)
    if not accept.strip():
        return forms[0]
    if ranks[best][0] <= 0.0:
        raise NotAcceptableError(f"Accept: none of it can be given; there is {', '.join(forms)}")
    return best


def weighed(header: str) -> list[tuple[str, float]]:
    """What a header like ``Accept`` lists, in lower case, each with its ``q``, 1 where it has none.

    One that is no number counts as 0: not wanted.
    """
    found = []
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        found.append((name, _quality(parameters)))
    return found


def _rank(form: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    for name in (form, form.partition("/")[0] + "/*", "*/*"):
        for place, (given, quality) in enumerate(ranges):
            if given == name:
                return quality, -place
    return 0.0, 0


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0

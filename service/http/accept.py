"""Which of the forms of an answer a client likes best."""

from collections.abc import Sequence
from typing import TypeVar

Form = TypeVar("Form", bound=str)


def wanted_form(accept: str, forms: Sequence[Form]) -> Form:
    """The form that an ``Accept`` header likes best; the first where it names none of them.

    After RFC 9110, 12.5.1. A range with a wildcard names no form; of equals the header's first
    wins.
    """
    best, best_quality = forms[0], 0.0
    for item in accept.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        for form in forms:
            if name == form and _quality(parameters) > best_quality:
                best, best_quality = form, _quality(parameters)
    return best


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0

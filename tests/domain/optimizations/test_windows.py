"""Where a sweep's sessions are cut."""

from typing import Any

import pytest

from domain.errors import InvalidRequest
from domain.optimizations.windows import Window, cut
from tests.domain.optimizations.making import a_request

SESSIONS = list(range(100, 200))


def windows(sessions: list[int] = SESSIONS, **fields: Any) -> list[Window]:
    return cut(a_request(**fields), sessions)


def test_without_validation_nothing_is_cut() -> None:
    assert windows() == []


def test_holdout_keeps_the_last_sessions() -> None:
    assert windows(validation_mode="holdout", validation_fraction=0.25) == [
        Window(100, 175, 175, 200)
    ]


def test_rolling_windows_train_on_as_many_sessions_as_the_first() -> None:
    found = windows(validation_mode="walk_forward", walk_forward_windows=3, validation_fraction=0.4)
    # 100 = T + 3 V with V = 0.4 (T + V): V = 22.2, T = 33.3
    assert found == [
        Window(100, 133, 133, 156),
        Window(123, 156, 156, 178),
        Window(145, 178, 178, 200),
    ]


def test_anchored_windows_train_on_all_before() -> None:
    found = windows(
        validation_mode="walk_forward", walk_forward_windows=3, validation_fraction=0.4,
        walk_forward_kind="anchored",
    )  # fmt: skip
    assert [each[:2] for each in found] == [(100, 133), (100, 156), (100, 178)]


@pytest.mark.parametrize("kind", ["rolling", "anchored"])
@pytest.mark.parametrize("count", [1, 4, 9])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.8])
def test_nothing_is_trained_on_that_it_is_judged_by(kind: str, count: int, fraction: float) -> None:
    sessions = [day for day in range(400) if day % 7 < 5]
    found = windows(
        sessions, validation_mode="walk_forward", walk_forward_windows=count,
        validation_fraction=fraction, walk_forward_kind=kind,
    )  # fmt: skip
    assert len(found) == count
    for each in found:
        assert each.train_start < each.train_stop <= each.validation_start < each.validation_stop
        assert {each.train_start, each.validation_start} <= set(sessions)
    judged = [day for each in found for day in sessions if each.validation_start <= day < each[3]]
    assert judged == sessions[sessions.index(found[0].validation_start) :]


def test_dates_are_those_of_the_first_and_the_last_session() -> None:
    assert Window(19_723, 19_730, 19_730, 19_735).dates() == {
        "train_start": "2024-01-01",
        "train_end": "2024-01-07",
        "validation_start": "2024-01-08",
        "validation_end": "2024-01-12",
    }


def test_too_few_sessions_are_refused_with_their_number() -> None:
    with pytest.raises(InvalidRequest, match=r"validation_fraction: 6 sessions are too few for 5"):
        windows(list(range(6)), validation_mode="walk_forward")
    with pytest.raises(InvalidRequest, match="each part needs 2"):
        windows(list(range(9)), validation_mode="holdout", validation_fraction=0.1)

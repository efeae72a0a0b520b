"""How much to trust the best trial, in words, over sweeps that deserve it and that do not."""

import numpy as np
import pytest

from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params
from domain.optimizations.statistics.overfitting import Overfitting
from service.report.optimizations.content import Content
from service.report.optimizations.trust import Finding, verdict
from tests.service.report.sweeps import asked, drawn_at_random, made_up

HOLDOUT: OptimizationRequest = asked(validation_mode="holdout")


def broad(params: Params) -> float:
    """An edge everywhere, and a larger one on a plateau."""
    return 0.1 + 0.15 * plateau(params)


def cliffs(params: Params) -> float:
    """A strong edge on a plateau, and strong losses off it."""
    return 0.7 * plateau(params) - 0.2


def plateau(params: Params) -> float:
    away = ((params["short_period"] - 10) / 8) ** 4 + ((params["long_period"] - 60) / 36) ** 4
    return float(np.exp(-away))


def nothing(params: Params) -> float:
    """No edge at all."""
    return 0.0


def titled(content: Content, title: str) -> Finding:
    (found,) = (each for each in verdict(content).findings if title in each.title)
    return found


def with_overfitting(content: Content, probability: float) -> Content:
    found = Overfitting(probability, 12_870, 90, 16, 0.0, None, None, None, 0.3, 1.0, 0.5)
    diagnostics = content.diagnostics
    return content._replace(
        diagnostics=type(diagnostics)(
            diagnostics.trials,
            diagnostics.sharpe,
            found,
            diagnostics.stability,
            diagnostics.generalisation,
        )
    )


def test_a_broad_and_strong_edge_is_not_doubted() -> None:
    found = verdict(made_up(HOLDOUT, edge=broad))
    assert found.standing == "good"
    assert found.sentence == "Nothing found here speaks against the best trial."
    assert {each.standing for each in found.findings} == {"good"}
    assert len(found.findings) == 4
    assert found.reasons.startswith("Of 4 checks 4 hold.")


def test_trials_that_differ_by_more_than_chance_make_the_deflated_ratio_strict() -> None:
    content = made_up(asked(), edge=cliffs)
    assert content.diagnostics.sharpe is not None
    assert content.diagnostics.sharpe.deflated is not None
    assert content.diagnostics.sharpe.deflated < 0.5
    found = titled(content, "deflated Sharpe ratio")
    assert found.standing == "doubtful"
    assert "This is strict here" in found.meaning


def test_the_best_of_noise_is_not_trusted() -> None:
    content = made_up(HOLDOUT, edge=nothing)
    found = verdict(content)
    assert found.standing == "bad"
    assert found.sentence == "Do not trust the best trial as it stands."
    assert titled(content, "deflated Sharpe ratio").standing != "good"
    assert titled(content, "plateau").standing != "good"


@pytest.mark.parametrize(
    ("probability", "standing"),
    [(0.0, "good"), (0.2, "good"), (0.21, "doubtful"), (0.49, "doubtful"), (0.5, "bad")],
)
def test_overfitting_is_judged_by_its_probability(probability: float, standing: str) -> None:
    content = with_overfitting(made_up(asked(), edge=broad), probability)
    found = titled(content, "overfitting")
    assert found.standing == standing
    assert found.figure == f"{100 * probability:.0f} %"
    assert "in 12,870 ways" in found.meaning
    assert "Each 1 more" not in found.meaning  # there is no line to tell of


def test_the_worst_finding_decides() -> None:
    content = with_overfitting(made_up(asked(), edge=broad), 0.9)
    found = verdict(content)
    assert found.standing == "bad"
    assert found.reasons.startswith("Of 3 checks 2 hold, 1 speaks against it.")


def test_what_lies_at_the_edge_of_the_search_is_doubtful() -> None:
    content = made_up(asked(), edge=lambda params: 0.02 * params["short_period"])
    found = titled(content, "edge of the search")
    assert found.standing == "doubtful"
    assert "short_period (20)" in found.meaning


def test_few_round_trips_are_doubtful() -> None:
    content = made_up(asked(), edge=broad)
    assert content.ranked[0].metrics[-1] == 41
    few = content.ranked[0]._replace(metrics=(*content.ranked[0].metrics[:-1], 29))
    found = titled(content._replace(ranked=[few, *content.ranked[1:]]), "Few round trips")
    assert (found.standing, found.figure) == ("doubtful", "29")


def test_nothing_can_be_said_where_no_trial_has_an_objective() -> None:
    request = asked()
    content = made_up(request, drawn_at_random(request, 2), failing=[0, 1])
    found = verdict(content)
    assert (found.standing, found.findings) == (None, [])

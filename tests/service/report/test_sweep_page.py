"""A sweep's report by itself: complete, self-contained, and true to the trials."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from domain.optimizations.applying import placed
from domain.optimizations.events import Cancelled, Failed, Resumed, Running, SweepEvent
from domain.optimizations.parameters import Parameter
from domain.optimizations.search_space import Params
from domain.runs.events import Logged
from domain.runs.request import BacktestRequest
from service.report.optimizations.charts import POINTS_MAX, thinned
from service.report.optimizations.content import Content
from service.report.optimizations.page import page
from tests.service.report.reading import Reader
from tests.service.report.sweeps import SPACE, asked, drawn_at_random, made_up, manifest, normal

HOSTILE = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"
ANY_KIND = [
    *SPACE,
    normal(Parameter(name="threshold", kind="float_range", low=0.0, high=1.0)),
    normal(Parameter(name="execution.commission_bps", kind="log_uniform", low=0.1, high=10.0)),
    Parameter(name="side", kind="choice", values=["long", "short", HOSTILE]),
]


def read(content: Content) -> Reader:
    return Reader(page(content).html)


def places(reader: Reader) -> list[str | None]:
    return [given["data-chart"] for _, given in reader.elements if "data-chart" in given]


@pytest.fixture(scope="module")
def content() -> Content:
    """A grid of which two trials failed, without validation."""
    return made_up(asked(), failing=[3, 50])


@pytest.fixture(scope="module")
def reader(content: Content) -> Reader:
    return read(content)


@pytest.fixture(scope="module")
def walked() -> Reader:
    return read(made_up(asked(validation_mode="walk_forward", walk_forward_windows=4)))


@pytest.fixture(scope="module")
def mixed() -> Content:
    """Random points of a space of every kind of parameter, on a holdout."""
    request = asked(
        *ANY_KIND,
        name=HOSTILE,
        description=HOSTILE,
        strategy="random",
        validation_mode="holdout",
        direction="minimize",
        objective_metric="max_drawdown",
    )
    points = drawn_at_random(request, 150)
    logs = [Logged(HOSTILE, "warning")]
    return made_up(request, points, failing=[7], error=HOSTILE, logs=logs)


def test_every_place_for_a_chart_has_its_chart(reader: Reader, walked: Reader) -> None:
    alone = ["objective", "heat-0", "parallel", "slice-0", "slice-1", "cross-validation", "logits"]
    assert places(reader) == alone
    assert set(reader.charts) == set(alone)
    validated = [*alone[:5], "validation", "walk-forward", *alone[5:]]
    assert places(walked) == validated
    assert set(walked.charts) == set(validated)


def test_the_objective_is_drawn_trial_by_trial_with_the_best_so_far(
    content: Content, reader: Reader
) -> None:
    trials, best, failed = reader.charts["objective"]["data"]
    known = {trial.number: trial.value for trial in content.trials if trial.value is not None}
    assert trials["x"] == list(known)
    assert trials["y"] == pytest.approx(list(known.values()))
    assert failed["x"] == [3, 50]
    assert "short_period: must be below long_period" in failed["text"][0]
    assert best["y"] == sorted(best["y"])
    assert best["y"][-1] == pytest.approx(max(known.values()))
    assert best["x"][-1] == 89


def test_the_heat_map_has_a_cell_for_each_point_of_the_grid(
    content: Content, reader: Reader
) -> None:
    cells, star = reader.charts["heat-0"]["data"]
    assert (len(cells["z"]), len(cells["z"][0])) == (9, 10)
    layout = reader.charts["heat-0"]["layout"]
    assert layout["xaxis"]["title"]["text"] == "short_period"
    best = content.ranked[0]
    x, y = int(star["x"][0]), int(star["y"][0])
    assert layout["xaxis"]["ticktext"][x] == str(best.params["short_period"])
    assert layout["yaxis"]["ticktext"][y] == str(best.params["long_period"])
    assert cells["z"][y][x] == pytest.approx(best.value)
    failed = [content.trials[number].params for number in (3, 50)]
    for params in failed:
        row, column = params["long_period"] // 10 - 2, params["short_period"] // 2 - 1
        assert cells["z"][row][column] is None


def test_each_two_of_the_most_influential_parameters_can_be_chosen(mixed: Content) -> None:
    reader = read(mixed)
    options = [given["value"] for tag, given in reader.elements if tag == "option"]
    assert options == [f"heat-{number}" for number in range(6)]
    assert set(options) < set(reader.charts)
    assert places(reader).count("heat-0") == 1
    found = mixed.diagnostics.stability
    assert found is not None
    influence = {each.name: each.influence or 0.0 for each in found.parameters}
    first = reader.charts["heat-0"]["layout"]
    shown = {first[axis]["title"]["text"] for axis in ("xaxis", "yaxis")}
    assert shown == set(sorted(influence, key=lambda name: -influence[name])[:2])


def test_less_is_better_where_the_objective_is_minimised(mixed: Content) -> None:
    reader = read(mixed)
    best_so_far = reader.charts["objective"]["data"][1]["y"]
    assert best_so_far == sorted(best_so_far, reverse=True)
    assert reader.charts["heat-0"]["data"][0]["reversescale"] is True
    values = [trial.value or 0.0 for trial in mixed.ranked]
    assert values == sorted(values)
    assert "Above the dotted line" in reader.text


def test_in_sample_stands_against_out_of_sample(mixed: Content) -> None:
    diagonal, trials, best = read(mixed).charts["validation"]["data"]
    assert diagonal["x"] == diagonal["y"]
    assert len(trials["x"]) == 149
    assert best["x"] == pytest.approx([mixed.ranked[0].value])
    assert best["y"] == pytest.approx([mixed.ranked[0].validation])


def test_the_windows_of_a_walk_forward_are_told_and_their_equity_is_unbroken(
    walked: Reader,
) -> None:
    windows = walked.charts["walk-forward"]["data"]
    assert [trace["name"] for trace in windows] == [f"window {number}" for number in range(1, 5)]
    for before, after in pairwise(windows):
        assert after["x"][0] == before["x"][-1]
        assert after["y"][0] == before["y"][-1]
    assert sum(len(trace["x"]) for trace in windows) == 400 + 3
    assert "2015-01-02 to 2016-05-02" in walked.text


def test_every_line_of_the_parallel_coordinates_is_a_trial(reader: Reader) -> None:
    others, top, best = reader.charts["parallel"]["data"]
    assert len(others["x"]) + len(top["x"]) + len(best["x"]) == 88 * (2 + 2)
    assert best["x"] == [0, 1, 2, None]
    assert best["y"][2] == 1.0
    heights = [y for trace in (others, top, best) for y in trace["y"] if y is not None]
    assert (min(heights), max(heights)) == (0.0, 1.0)


def test_the_best_trials_are_listed_and_the_best_can_be_run_again(
    content: Content, reader: Reader
) -> None:
    best = content.ranked[0]
    assert f"The best trial, number {best.number}" in reader.text
    assert "The best 25 trials" in reader.text
    written = re.search(r"backtest of its own(\{.*?\n\})", reader.text, re.DOTALL)
    assert written is not None
    replay = msgspec.json.decode(written[1], type=BacktestRequest)
    assert replay == placed(content.request.base_backtest, best.params)


def test_what_the_sweep_was_made_with_is_told(content: Content, reader: Reader) -> None:
    for text in (content.optimization_id, content.digest, "a" * 64, "maximize sharpe_ratio",
                 "short_period 2 to 20 by 2", "90 (2 failed)", "seed 0"):  # fmt: skip
        assert text in reader.text


def test_the_page_asks_nobody_for_anything(reader: Reader) -> None:
    for tag, given in reader.elements:
        assert tag not in ("link", "iframe", "img", "base", "form", "object")
        assert not {"src", "href", "action"} & given.keys()


def test_what_users_write_is_text(mixed: Content) -> None:
    made = page(mixed)
    reader = Reader(made.html)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("script") == 3
    assert "img" not in tags
    assert "<" not in reader.scripts[0]
    assert reader.text.count(HOSTILE) > 4  # title, heading, description, warning, space, log …
    drawn = msgspec.json.encode(reader.charts).decode()
    assert "&lt;/script&gt;" in drawn
    assert "<img" not in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize(
    ("edge", "axis"),
    [
        (lambda params: 0.01 * params["short_period"], "yaxis"),
        (lambda params: 0.2 * len(params["side"]) / len(HOSTILE), "xaxis"),
    ],
)
def test_choices_are_text_in_heat_maps_too(edge: Callable[[Params], float], axis: str) -> None:
    reader = read(made_up(asked(SPACE[0], ANY_KIND[-1]), edge=edge))
    chart = reader.charts["heat-0"]
    assert chart["layout"][axis]["title"]["text"] == "side"
    texts = [text for row in chart["data"][0]["text"] for text in row]
    assert sum("&lt;img src=x" in text for text in texts) == 10
    assert not any("<img" in text for text in texts)


def test_one_parameter_has_no_heat_map() -> None:
    reader = read(made_up(asked(SPACE[0]), edge=lambda params: 0.01 * params["short_period"]))
    assert "heat-0" not in reader.charts
    assert "At the edge of the search" in reader.text
    assert "short_period (20)" in reader.text


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_sweep_of_few_trials_has_a_page(count: int) -> None:
    request = asked()
    content = made_up(request, drawn_at_random(request, count))
    assert content.diagnostics.stability is None
    reader = read(content)
    assert f"The best {count} trials" in reader.text
    assert "Fewer than 10 trials" in reader.text
    assert ("cross-validation" in reader.charts) == (count > 1)


def test_a_sweep_whose_trials_all_failed_has_a_page() -> None:
    request = asked(validation_mode="holdout")
    reader = read(made_up(request, drawn_at_random(request, 3), failing=[0, 1, 2]))
    assert reader.charts == {}
    assert "No trial has an objective to be ranked by." in reader.text
    assert "There is too little to judge the best trial by." in reader.text


@pytest.mark.parametrize(
    ("event", "reason"),
    [(Cancelled("running"), "it was cancelled"), (Failed("no room", "running"), "no room")],
)
def test_a_sweep_that_did_not_come_to_its_end_says_so(event: Any, reason: str) -> None:
    request = asked()
    content = made_up(request, drawn_at_random(request, 12), asked_for=40, end=event)
    assert f"The sweep ended after 12 of 40 trials: {reason}" in read(content).text


def test_a_sweep_that_was_resumed_has_come_to_its_end() -> None:
    request = asked()
    before: list[SweepEvent] = [
        Cancelled("running"),
        Resumed(previous_state="cancelled"),
        Running(manifest(request)),
    ]
    content = made_up(request, drawn_at_random(request, 12), before=before)
    assert content.ended_by is None
    assert "The sweep ended after" not in read(content).text


def test_ten_thousand_points_are_thinned_evenly(content: Content) -> None:
    many = content.trials * 112
    assert len(many) > 10_000
    drawn = thinned(many)
    assert POINTS_MAX / 2 < len(drawn) <= POINTS_MAX
    assert thinned(content.trials) == content.trials
    assert thinned([]) == []

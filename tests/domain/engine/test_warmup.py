"""Bars before the run that indicators may see and nothing may trade on."""

from tests.domain.engine.building import actions, assert_fills, bars, run, run_script

RISING = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]
CROSSOVER = {"short_period": 1, "long_period": 3}


def test_indicators_are_warm_at_the_first_bar_of_the_run() -> None:
    data = [bars("A", RISING, RISING)]
    cold = run(data, "ma_crossover", CROSSOVER)
    assert [fill[0] for fill in cold.fills] == [3]
    warm = run(data, "ma_crossover", CROSSOVER, warmup_bars=2)
    assert [fill[0] for fill in warm.fills] == [1]  # bar 3 of the data, which is bar 1 of the run


def test_nothing_is_recorded_or_traded_before_the_run() -> None:
    outcome = run_script([bars("A", RISING, RISING)], [[1, 0, 1, None, None, None]], warmup_bars=3)
    assert outcome.fills == []
    assert outcome.orders == []
    assert outcome.account == [(1000, 0)] * 3


def test_buy_and_hold_buys_at_the_start_of_the_run_however_many_bars_come_before() -> None:
    outcome = run([bars("A", RISING, RISING)], "buy_and_hold", warmup_bars=2)
    assert_fills(outcome, (1, "A", "buy", 1000 / 13, 13, 0))


def test_what_was_wanted_while_warming_up_is_not_carried_into_the_run() -> None:
    weights = [[1, None, None, None, 0.5, None]]
    outcome = run_script([bars("A", RISING, RISING)], weights, warmup_bars=2)
    assert_fills(outcome, (3, "A", "buy", 500 / 14, 15, 0))


def test_symbols_warm_up_each_on_its_own_bars() -> None:
    early, late = bars("A", RISING, RISING), bars("B", RISING, RISING, at=[2, 4, 6, 7, 8, 9])
    outcome = run([early, late], "ma_crossover", CROSSOVER, warmup_bars=2)
    assert len(outcome.moments) == len({2, 3, 4, 5} | {6, 7, 8, 9})
    assert [(fill[0], fill[1]) for fill in outcome.fills] == [(1, "A"), (5, "B")]


def test_a_split_while_warming_up_is_no_crossing() -> None:
    # The price rises all the time, though it is quoted at a tenth from bar 2 on.
    quoted = [10.0, 11.0, 1.2, 1.3, 1.4, 1.5]
    split = actions("A", (2, 10.0, 0.0))
    outcome = run([bars("A", quoted, quoted)], "ma_crossover", CROSSOVER, actions=[split],
                  warmup_bars=3)  # fmt: skip
    assert_fills(outcome, (1, "A", "buy", 1000 / 1.4, 1.4, 0))


def test_the_manifest_says_how_many_bars_are_only_seen() -> None:
    outcome = run([bars("A", RISING, RISING)], "buy_and_hold", warmup_bars=2)
    manifest = outcome.decoded[0].manifest  # type: ignore[union-attr]  # the first is Started
    assert (manifest.data[0].bars, manifest.data[0].warmup_bars) == (6, 2)

"""What a round will do, all of it drawn from one seed before anything is started."""

from collections.abc import Sequence
from enum import Enum
from random import Random
from typing import Any, NamedTuple, TypeAlias

from tests.torture.market import PAIRS

Document: TypeAlias = dict[str, Any]

RUNS = 16
LIVES = 5
EARLY_SHARE = 0.2
START_SECONDS = 1.0  # about: until the service listens
WARM_SECONDS, LIFE_SECONDS_MAX = 2.0, 6.0  # about: until engines work; the longest life
CANCEL_SHARE = 0.15
STRATEGIES = ("buy_and_hold", "ma_crossover", "mean_reversion", "momentum", "rsi")
SAMPLE_SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")
ENGINE_KILLS_MAX = 2  # in one life: a run whose engines die thrice in a row is given up


class Fault(Enum):
    """What can befall the service."""

    KILL_SERVICE = "kill -9 of the service"
    KILL_EVERYTHING = "kill -9 of the service and its engines"
    TERMINATE = "SIGTERM"
    KILL_ENGINE = "kill -9 of an engine"
    FILL_DISK = "the disk is full for a moment"


ENDINGS = (Fault.KILL_SERVICE, Fault.KILL_SERVICE, Fault.KILL_EVERYTHING, Fault.TERMINATE)


class Strike(NamedTuple):
    """A fault, so many seconds after the service's process was started."""

    at: float
    fault: Fault
    choice: float  # 0 to 1: which of several engines, or for how much of a second


class Life(NamedTuple):
    """One process of the service: what befalls it, and what ends it (the last life: nothing)."""

    strikes: list[Strike]
    ending: Strike | None


class Post(NamedTuple):
    """A backtest to be posted ``at`` seconds into the round, and who takes an interest in it.

    ``followers`` are the seeds of clients that follow it; ``cancel_after`` is in seconds.
    """

    at: float
    request: Document
    followers: list[int]
    cancel_after: float | None


class Plan(NamedTuple):
    """A round: the backtests of its clients and the lives of its service."""

    posts: list[Post]
    lives: list[Life]


def plan(seed: int, number: int, runs: int = RUNS, lives: int = LIVES) -> Plan:
    """Draw round ``number``; the same arguments give the same plan."""
    chance = Random(f"{seed}/{number}")
    mortal = [_life(chance, last=False) for _ in range(lives - 1)]
    seconds = sum(life.ending.at for life in mortal if life.ending)
    requests = request_pool(seed)
    posts = [_post(chance, chance.choice(requests), seconds) for _ in range(runs)]
    return Plan(posts, [*mortal, _life(chance, last=True)])


def request_pool(seed: int) -> list[Document]:
    """Draw the different backtests of all rounds: few enough to know by heart how each goes."""
    chance = Random(seed)
    kinds = (_daily, _daily, _daily, _minutes, _minutes, _minutes, _minutes, _hours, _seconds)
    return [*(kind(chance) for kind in kinds), _impossible(chance)]


def _life(chance: Random, *, last: bool) -> Life:
    early = chance.random() < EARLY_SHARE
    span = (0.0, START_SECONDS) if early else (WARM_SECONDS, LIFE_SECONDS_MAX)
    seconds = chance.uniform(*span)
    strikes = [
        Strike(chance.uniform(0.0, seconds), Fault.KILL_ENGINE, chance.random())
        for _ in range(chance.randint(0, ENGINE_KILLS_MAX))
    ]
    if chance.random() < 0.3:
        strikes.append(Strike(chance.uniform(0.0, seconds), Fault.FILL_DISK, chance.random()))
    ending = None if last else Strike(seconds, chance.choice(ENDINGS), chance.random())
    return Life(sorted(strikes), ending)


def _post(chance: Random, request: Document, seconds: float) -> Post:
    followers = [chance.getrandbits(32) for _ in range(chance.randint(1, 5))]
    cancel_after = chance.uniform(0.0, 3.0) if chance.random() < CANCEL_SHARE else None
    # In the first half: so that most of the time there is a queue, and most deaths interrupt.
    return Post(chance.uniform(0.0, seconds / 2), request, followers, cancel_after)


def _daily(chance: Random) -> Document:
    symbols = chance.sample(SAMPLE_SYMBOLS, chance.randint(1, 4))
    return _request(chance, symbols, "2001-01-02", f"{chance.randint(2004, 2013)}-01-01") | {
        "execution": {"commission_bps": 1.0, "slippage_bps": chance.randint(0, 5)},
        "benchmark_symbol": "IBM",
    }


def _minutes(chance: Random) -> Document:
    symbols = PAIRS[: chance.randint(1, 2)]
    return _request(chance, symbols, "2010-01-01", f"2010-{chance.randint(3, 9):02}-01") | {
        "resolution": "minute"
    }


def _hours(chance: Random) -> Document:
    return _request(chance, PAIRS, "2010-01-01", "2010-09-01") | {"resolution": "hour"}


def _seconds(chance: Random) -> Document:
    end = f"2010-01-{chance.randint(2, 4):02}"
    made_up = {"resolution": "second", "data_source": "synthetic"}
    return _request(chance, ["EUR/USD"], "2010-01-01", end) | made_up


def _impossible(chance: Random) -> Document:
    return _request(chance, ["NOSUCH"], "2001-01-02", "2004-01-01")


def _request(chance: Random, symbols: Sequence[str], start: str, end: str) -> Document:
    strategy = {"name": chance.choice(STRATEGIES)}
    return {"symbols": list(symbols), "start_date": start, "end_date": end, "strategy": strategy}

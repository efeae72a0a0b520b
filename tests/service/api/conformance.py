"""A service held against its own OpenAPI document, by requests that schemathesis thinks up."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import httpx2
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

SEED = 20261121
IDEMPOTENCY = {"$ref": "#/components/parameters/Idempotency-Key"}
REFUSED = [*range(400, 407), 409, 412, 415, 416, 422, 428, 429]
EXCUSED = (
    # Past twenty a minute, wrong keys are told to wait: that is no way in either.
    "got `429 Too Many Requests`",
    # HTTP has it that a header nobody knows means nothing.
    "in header - object with unexpected properties",
)


class Examination(NamedTuple):
    """What came of it: the requests sent in each phase, the statuses seen, what was wrong."""

    requests: Counter[str]
    statuses: Counter[int]
    failures: list[str]


def examine(url: str, headers: dict[str, str], *, thorough: bool) -> Examination:
    """Send every operation what fits its description and what does not; follow its links.

    ``thorough``: also each single deviation from the description, one after the other.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": url,
            "continue-on-failure": True,
            "request-timeout": 30,
            "headers": headers,
            "generation": {
                "max-examples": 3,
                "deterministic": True,
                "database": "none",
                "no-shrink": True,
                # Of two ways to give a key, a wrong one beside the right one changes nothing.
                "with-security-parameters": False,
            },
            "phases": {
                "coverage": {"enabled": thorough},
                "stateful": {"generation": {"max-examples": 10, "deterministic": True}},
            },
            "checks": {
                # Dates, strategies and grids have rules that no schema says: those answer 400.
                "positive_data_acceptance": {"enabled": False},
                "negative_data_rejection": {"expected-statuses": REFUSED},
            },
        }
    )
    document = httpx2.get(f"{url}/openapi.json", trust_env=False).json()
    if thorough:
        # Under one Idempotency-Key every body but the first is refused, whatever it holds.
        del document["components"]["parameters"]["Idempotency-Key"]
        for operation in operations_of(document):
            parameters = operation["parameters"]
            operation["parameters"] = [each for each in parameters if each != IDEMPOTENCY]
    schema = schemathesis.openapi.from_dict(document, config=config)
    return _summary(from_schema(schema).execute())


def operations_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of an OpenAPI document."""
    for path in document["paths"].values():
        yield from path.values()


def _summary(happened: Iterable[events.EngineEvent]) -> Examination:
    requests: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    for event in happened:
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures.append(f"{event}")
        elif isinstance(event, events.ScenarioFinished):
            answers = [each.response for each in event.recorder.interactions.values()]
            requests[event.phase.value] += len(answers)
            statuses.update(answer.status_code for answer in answers if answer is not None)
            failures += _failures(event)
    return Examination(requests, statuses, failures)


def _failures(scenario: events.ScenarioFinished) -> list[str]:
    checks: Iterable[Any] = itertools.chain.from_iterable(scenario.recorder.checks.values())
    found = [check.failure_info for check in checks if check.failure_info is not None]
    told = (f"{scenario.label}: {each.failure}\n{each.code_sample}" for each in found)
    return [text for text in told if not any(each in text for each in EXCUSED)]

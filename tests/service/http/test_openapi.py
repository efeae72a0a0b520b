"""The OpenAPI document: valid, complete, and of nothing that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi import definitions
from starlette.routing import Route

from service.api.discovery import described
from service.api.examples import REQUESTS, examples
from service.api.stream import STREAMS
from service.app import OPERATIONS, create_app
from service.http.gate import OPEN_PATHS
from service.http.openapi import REFUSALS, openapi, template_of
from service.settings import Settings
from tests.service.api.conformance import operations_of

EVERY = described(OPERATIONS, STREAMS, lambda: True)
ERRORS_PAGE = Path(__file__).parents[3] / "docs" / "http-api.md"


def document(*, guarded: bool = True) -> dict[str, Any]:
    built = openapi(EVERY, examples(), "0.1.0", guarded=guarded)
    read: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(built))
    return read


DOCUMENT = document()


def bodies() -> Iterator[Any]:
    """Every body in JSON that is described, with what it is the body of."""
    for operation in operations_of(DOCUMENT):
        name = operation["operationId"]
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for part, described_body in parts.items():
            if body := described_body.get("content", {}).get("application/json"):
                yield pytest.param(body, id=f"{name}-{part}")


def test_it_is_openapi() -> None:
    assert list(definitions.OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)) == []


def test_every_route_is_in_it_and_nothing_else() -> None:
    served = {
        (template_of(route.path), method)
        for route in create_app(Settings()).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths = DOCUMENT["paths"].items()
    assert served == {(path, method.upper()) for path, methods in paths for method in methods}


def test_every_reference_leads_somewhere() -> None:
    # Those that stand in examples too: many readers follow them all.
    references = set(re.findall(r'"\$ref":"#/([^"]+)"', msgspec.json.encode(DOCUMENT).decode()))
    assert len(references) > 40
    for reference in references:
        found: Any = DOCUMENT
        for step in reference.split("/"):
            found = found[step]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in operations_of(DOCUMENT)]
    assert len(set(names)) == len(names) > 40


@pytest.mark.parametrize(
    "operation", [pytest.param(each, id=each["operationId"]) for each in operations_of(DOCUMENT)]
)
def test_everything_is_told_in_words(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    for parameter in operation["parameters"]:
        assert "$ref" in parameter or parameter["description"], parameter
    for status, answer in operation["responses"].items():
        assert "$ref" in answer or answer["description"], status


@pytest.mark.parametrize("body", list(bodies()))
def test_every_body_has_a_schema_and_an_example_that_fits_it(body: dict[str, Any]) -> None:
    schema = body["schema"] | {"components": DOCUMENT["components"]}
    # The two documents are described as objects, of which no example is given.
    example = body.get("example", {} if body["schema"] == {"type": "object"} else None)
    assert list(jsonschema_rs.validator_for(schema).iter_errors(example)) == []


@pytest.mark.parametrize("kind", list(REQUESTS), ids=lambda kind: kind.__name__)
def test_the_examples_of_requests_are_what_the_service_takes(kind: type[msgspec.Struct]) -> None:
    assert isinstance(msgspec.convert(REQUESTS[kind], kind), kind)


def test_a_pattern_is_read_alike_in_python_and_in_javascript() -> None:
    text = msgspec.json.encode(DOCUMENT).decode()
    assert not re.search(r'"pattern":"[^"]*\\\\[AZ]', text)


def test_only_what_needs_a_key_says_so() -> None:
    without = {template_of(each.path) for each in EVERY if each.scope is None}
    assert without == OPEN_PATHS - {"/api/v1/health"}
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == (path not in without), path
            assert ("401" in operation["responses"]) == (path not in without), path


def test_a_service_without_keys_asks_for_none() -> None:
    for operation in operations_of(document(guarded=False)):
        assert "security" not in operation
        assert "401" not in operation["responses"]


def test_what_creates_links_to_what_can_be_done_with_it() -> None:
    created = DOCUMENT["paths"]["/backtests"]["post"]["responses"]["201"]
    link = created["links"]["backtests_status"]
    assert link["parameters"] == {"run_id": "$response.body#/run_id"}
    names = {operation["operationId"] for operation in operations_of(DOCUMENT)}
    assert {each["operationId"] for each in created["links"].values()} <= names


def test_every_status_is_on_the_page_of_errors_and_no_other_is() -> None:
    table = ERRORS_PAGE.read_text().partition("**Errors**")[2].partition("\n\n**")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, flags=re.MULTILINE)
    told = {int(status) for row in rows for status in row.split(",")}
    assert told - {405} == set(REFUSALS)  # of a method that is no operation

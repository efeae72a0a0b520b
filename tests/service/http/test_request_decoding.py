"""Bodies and queries: what fits is decoded, what does not is a 400 that says why."""

import math

import msgspec
import pytest

from service.http.responses import json_response
from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of

GOOD = b'{"symbols":["AAPL"]}'


WRONG_BODIES = {
    b"": "the request needs a JSON body",
    b"{": "malformed JSON: Input data was truncated",
    b"{'a': 1}": "malformed JSON: object keys must be strings (byte 1)",
    b'{"symbols":["a"]} x': "malformed JSON: trailing characters (byte 19)",
    b'{"symbols":["a"],"capital":NaN}': "malformed JSON: invalid character (byte 27)",
    b'{"symbols":["\xff"]}': "malformed JSON: the text is not UTF-8",
    b"\x1f\x8b\x00": "malformed JSON: invalid character (byte 0)",
    b"[]": "expected `object`, got `array`",
    b"{}": "missing required field `symbols`",
    b'{"symbols":[]}': "symbols: expected `array` of length >= 1",
    b'{"symbols":["AAPL", 1]}': "symbols[1]: expected `str`, got `int`",
    b'{"symbols":["ABCDEFGHI"]}': "symbols[0]: expected `str` of length <= 8",
    b'{"symbols":["a"],"capital":"1"}': "capital: expected `float`, got `str`",
    b'{"symbols":["a"],"capital":1e999}': "capital: number out of range",
    b'{"symbols":["a"],"capitol":1}': "unknown field `capitol`; known: symbols, strategy, capital",
    b'{"symbols":["a"],"strategy":{"nane":"momentum"}}': (
        "strategy: unknown field `nane`; known: name, params"
    ),
    b'{"symbols":["a"],"strategy":{"name":"magic"}}': (
        "strategy.name: invalid enum value 'magic'; allowed: buy_and_hold, momentum"
    ),
    b'{"symbols":["a"],"strategy":{"params":{"x":' + b"[" * 100_000: (
        "malformed JSON: nested deeper than 32 levels"
    ),
    b'{"symbols":["a"],"strategy":{"params":{"x":' + b"[" * 30 + b"]" * 30 + b"}}}": (
        "malformed JSON: nested deeper than 32 levels"
    ),
}


async def test_a_wrong_body_is_told_what_is_wrong() -> None:
    async with client_of(sample_app(Settings())) as client:
        responses = {body: await client.post("/order", content=body) for body in WRONG_BODIES}
    assert {response.status_code for response in responses.values()} == {400}
    told = {body: response.json()["detail"] for body, response in responses.items()}
    assert told == WRONG_BODIES


async def test_an_error_does_not_send_a_large_value_back() -> None:
    body = msgspec.json.encode({"symbols": ["a"], "x" * 100_000: 1})
    async with client_of(sample_app(Settings())) as client:
        response = await client.post("/order", content=body)
    assert response.status_code == 400
    assert len(response.content) < 1_000


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "Application/JSON; charset=utf-8", "application/vnd.order+json"],
)
async def test_json_is_read(content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    async with client_of(sample_app(Settings())) as client:
        response = await client.post("/order", content=GOOD, headers=headers)
    assert response.status_code == 201
    assert response.headers["Location"] == "/order/1"
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["symbols"] == ["AAPL"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "", "é" * 200],
)
async def test_anything_else_is_415(content_type: str) -> None:
    headers = [(b"Content-Type", content_type.encode())]
    async with client_of(sample_app(Settings())) as client:
        response = await client.post("/order", content=GOOD, headers=headers)
    assert response.status_code == 415
    assert response.json()["detail"].endswith("; send application/json")
    assert len(response.content) < 1_000


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"limit": 50, "state": None}),
        ("?limit=7&state=queued", {"limit": 7, "state": "queued"}),
        ("?%6Cimit=%37", {"limit": 7, "state": None}),
    ],
)
async def test_a_query_is_decoded(query: str, found: dict[str, object]) -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.get("/search" + query)
    assert (response.status_code, response.json()) == (200, found)


WRONG_QUERIES = {
    "?limit=x": "query parameter limit: expected `int` (given: 'x')",
    "?limit=": "query parameter limit: expected `int` (given: '')",
    "?limit=0": "query parameter limit: expected `int` >= 1 (given: '0')",
    "?limit=201": "query parameter limit: expected `int` <= 200 (given: '201')",
    "?limit=1&limit=2": "query parameter limit is given more than once",
    "?limt=1": "unknown query parameter 'limt'; known: limit, state",
    "?api_key=k": "unknown query parameter 'api_key'; known: limit, state",
}


async def test_a_wrong_query_is_told_what_is_wrong() -> None:
    async with client_of(sample_app(Settings())) as client:
        responses = {query: await client.get("/search" + query) for query in WRONG_QUERIES}
    assert {response.status_code for response in responses.values()} == {400}
    told = {query: response.json()["detail"] for query, response in responses.items()}
    assert told == WRONG_QUERIES


async def test_a_wrong_state_is_told_the_right_ones() -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.get("/search?state=done")
    assert "allowed: queued, running" in response.json()["detail"]


def test_what_is_not_a_finite_number_is_null_on_the_wire() -> None:
    response = json_response({"a": math.nan, "b": [math.inf, -math.inf], "c": 0.1})
    assert response.body == b'{"a":null,"b":[null,null],"c":0.1}'
    assert response.headers["Content-Type"] == "application/json"

"""The AsyncAPI document: every WebSocket, its messages, its codes."""

from typing import Any

import jsonschema_rs
import msgspec

from service.api.stream import STREAMS
from service.http.asyncapi import asyncapi
from service.http.openapi import template_of

DOCUMENT: dict[str, Any] = msgspec.json.decode(
    msgspec.json.encode(asyncapi(STREAMS, "0.1.0", guarded=True))
)


def test_every_stream_has_a_channel_that_something_is_sent_on() -> None:
    channels = DOCUMENT["channels"]
    assert {each["address"] for each in channels.values()} == {
        template_of(stream.path) for stream in STREAMS
    }
    sent = [operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()]
    assert sent == [f"#/channels/{name}" for name in channels]
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send"}


def test_every_type_of_event_is_a_message() -> None:
    for stream, channel in zip(STREAMS, DOCUMENT["channels"].values(), strict=True):
        assert set(channel["messages"]) == {*stream.payloads, "heartbeat"}


def test_every_reference_leads_somewhere() -> None:
    followed = []

    def follow(node: Any) -> None:
        for name, each in node.items() if isinstance(node, dict) else enumerate(node):
            if name == "$ref":
                place = DOCUMENT
                for step in each.removeprefix("#/").split("/"):
                    place = place[step]
                followed.append(place)
            elif isinstance(each, dict | list):
                follow(each)

    follow(DOCUMENT)
    assert all(followed)
    assert len(followed) > 10


def test_every_code_that_a_stream_is_closed_with_is_told() -> None:
    for stream, channel in zip(STREAMS, DOCUMENT["channels"].values(), strict=True):
        told = channel["x-close-codes"]
        assert {str(code) for code in stream.closes} <= set(told)
        assert all(told.values())


def test_its_schemas_are_schemas() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid(schema | {"components": DOCUMENT["components"]})


def test_a_service_without_keys_asks_for_none() -> None:
    open_one = asyncapi(STREAMS, "0.1.0", guarded=False)
    assert not any("security" in operation for operation in open_one["operations"].values())
    assert all("security" in operation for operation in DOCUMENT["operations"].values())

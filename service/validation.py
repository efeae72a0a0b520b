"""Validation errors in the words of whoever made them: which field, what was wrong, what exists."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

_PLACE = re.compile(
    r"^(?P<sentence>.*) - at (?:`(?P<key>key)` in )?`\$(?P<path>[^`]*)`$", re.DOTALL
)
SENTENCE_CHARACTERS_MAX = 300  # it may quote what was sent
_STEP = re.compile(r"\.([^.\[]+)|\[[^\]]*\]")
_OPENINGS = {
    "Object missing": "missing",
    "Object contains unknown": "unknown",
    "Expected": "expected",
    "Invalid": "invalid",
    "Integer": "integer",
    "Number": "number",
}


def explain(error: msgspec.ValidationError, schema: Any) -> str:
    """One line for the client: the field's path (``symbols[0]``), then what was wrong with it.

    ``schema`` is the type that was decoded; where the error is an unknown field or value, the line
    goes on with those that exist.
    """
    sentence, path, is_key = _split(str(error))
    nodes = list(_nodes_at(schema, path, is_key))
    if sentence.startswith("Invalid enum value"):
        sentence += f"; allowed: {_listed(_allowed_values(nodes))}"
    elif sentence.startswith("Object contains unknown field"):
        sentence += f"; known: {_listed(_field_names(nodes))}"
    for opening, plain in _OPENINGS.items():
        if sentence.startswith(opening):
            sentence = plain + sentence.removeprefix(opening)
    field = path.removeprefix(".")
    if is_key:
        field = f"a key of {field}"
    return f"{field}: {sentence}" if field else sentence


def _split(message: str) -> tuple[str, str, bool]:
    place = _PLACE.match(message)
    if place is None:
        return message[:SENTENCE_CHARACTERS_MAX], "", False
    sentence = place["sentence"][:SENTENCE_CHARACTERS_MAX]
    return sentence, place["path"], place["key"] is not None


def _nodes_at(schema: Any, path: str, is_key: bool) -> Iterator[inspect.Type]:
    nodes = _unwrapped([inspect.type_info(schema)])
    for step in _STEP.finditer(path):
        nodes = _unwrapped(_children(nodes, step[1]))
    if is_key:
        nodes = _unwrapped([node.key_type for node in nodes if isinstance(node, inspect.DictType)])
    return nodes


def _unwrapped(nodes: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    for node in nodes:
        if isinstance(node, inspect.UnionType):
            yield from _unwrapped(node.types)
        elif isinstance(node, inspect.Metadata):
            yield from _unwrapped([node.type])
        else:
            yield node


def _children(nodes: Iterable[inspect.Type], name: str | None) -> Iterator[inspect.Type]:
    """The types one step down: a struct's field ``name``, or the items where it is ``None``."""
    for node in nodes:
        if isinstance(node, inspect.StructType):
            yield from (field.type for field in node.fields if field.encode_name == name)
        elif isinstance(node, inspect.ListType | inspect.VarTupleType | inspect.SetType):
            yield node.item_type
        elif isinstance(node, inspect.DictType):
            yield node.value_type


def _allowed_values(nodes: Iterable[inspect.Type]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, inspect.EnumType):
            yield from (str(member.value) for member in node.cls)
        elif isinstance(node, inspect.LiteralType):
            yield from map(str, node.values)


def _field_names(nodes: Iterable[inspect.Type]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, inspect.StructType):
            yield from (field.encode_name for field in node.fields)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"

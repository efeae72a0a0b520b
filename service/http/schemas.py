"""The wire's types as JSON Schema, in a document that names them where they stand."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeAlias, Union, get_args, get_origin

import msgspec
from msgspec import Meta

Document: TypeAlias = dict[str, Any]


class Shape(NamedTuple):
    """Stands in a document where the schema of a type is to be."""

    type: Any


def with_schemas(document: Document) -> Document:
    """Put schemas in the place of every ``Shape``; those with a name once, as components."""
    shapes = [shape.type for shape in _shapes(document)]
    schemas, components = msgspec.json.schema_components(
        shapes, ref_template="#/components/schemas/{name}"
    )
    filled: Document = _filled(document, iter(schemas))
    filled["components"] = filled.get("components", {}) | {"schemas": _in_markdown(components)}
    return filled


def without_none(kind: Any) -> Any:
    """What a type allows but for ``None``: a text that is not there is left out."""
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        return Annotated[(without_none(inner), *notes)]
    if get_origin(kind) in (Union, UnionType):
        return Union[tuple(each for each in get_args(kind) if each is not NoneType)]  # noqa: UP007
    return kind


def description_of(kind: Any) -> str | None:
    """The description that a type was annotated with, the outermost where there are several."""
    notes = getattr(kind, "__metadata__", ())
    found = [note.description for note in notes if isinstance(note, Meta) and note.description]
    inner = (description_of(each) for each in get_args(kind) if not isinstance(each, Meta))
    return next((text for text in (*found, *inner) if text), None)


def in_markdown(docstring: str | None) -> str:
    """A docstring for readers of CommonMark: code in single backticks, lines joined."""
    paragraphs = (docstring or "").replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _shapes(node: Any) -> Iterator[Shape]:
    if isinstance(node, Shape):
        yield node
    elif isinstance(node, dict):
        for each in node.values():
            yield from _shapes(each)
    elif isinstance(node, list):
        for each in node:
            yield from _shapes(each)


def _filled(node: Any, schemas: Iterator[Document]) -> Any:
    if isinstance(node, Shape):
        return _in_markdown(next(schemas))
    if isinstance(node, dict):
        return {name: _filled(each, schemas) for name, each in node.items()}
    if isinstance(node, list):
        return [_filled(each, schemas) for each in node]
    return node


def _in_markdown(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            name: in_markdown(each)
            if name == "description" and isinstance(each, str)
            else _in_markdown(each)
            for name, each in node.items()
        }
    return [_in_markdown(each) for each in node] if isinstance(node, list) else node

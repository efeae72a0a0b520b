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


_COMPONENTS = "#/components/schemas/"


def with_schemas(document: Document) -> Document:
    """Put schemas in the place of every ``Shape``; those with a name once, as components."""
    shapes = [shape.type for shape in _shapes(document)]
    schemas, components = msgspec.json.schema_components(
        shapes, ref_template=_COMPONENTS + "{name}"
    )
    filled: Document = _filled(document, iter(schemas))
    named = {_plain(name): _tidied(component) for name, component in components.items()}
    filled["components"] = filled.get("components", {}) | {"schemas": named}
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
        return _tidied(next(schemas))
    if isinstance(node, dict):
        return {name: _filled(each, schemas) for name, each in node.items()}
    if isinstance(node, list):
        return [_filled(each, schemas) for each in node]
    return node


def _tidied(node: Any) -> Any:
    """A schema with its descriptions in Markdown and the plain names of components."""
    if isinstance(node, dict):
        return {
            name: in_markdown(each)
            if name == "description" and isinstance(each, str)
            else _tidied(each)
            for name, each in node.items()
        }
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if isinstance(node, str) and node.startswith(_COMPONENTS):
        return _COMPONENTS + _plain(node.removeprefix(_COMPONENTS))
    return node


def _plain(name: str) -> str:
    """The name of a component: ``RunsFailed`` where msgspec has ``domain.runs.events.Failed``."""
    if "." not in name:
        return name
    _, package, _, last = name.rsplit(".", 3)
    return f"{package.title()}{last}"

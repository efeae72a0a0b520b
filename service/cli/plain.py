"""What is printed: JSON, and text that others wrote (strategies, files, a service)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

_KEPT = "\n\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"


def plain(text: object, style: str = "") -> "Text":
    """Text for rich to print as it stands: neither markup nor what a terminal would obey."""
    from rich.text import Text

    return Text(spelled_out(str(text)), style)


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    import msgspec
    import typer

    typer.echo(msgspec.json.encode(value).decode())


def spelled_out(text: str) -> str:
    r"""Write what cannot be seen as Python does: an escape character becomes ``\x1b``.

    Lines stay lines; whatever else steers a terminal (colours, the cursor, the direction of
    writing) or cannot be encoded can be read instead.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in _KEPT else _escape(each) for each in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()

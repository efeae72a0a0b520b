"""HTML from parts: whatever is not markup already is escaped."""

from html import escape


class Html(str):
    """Text that is markup. Any other string is text to be shown as it is written."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Html:
    """An element; ``class_`` is the attribute class, ``data_chart`` is data-chart."""
    names = {name: name.rstrip("_").replace("_", "-") for name in attributes}
    given = "".join(f' {names[name]}="{escape(value)}"' for name, value in attributes.items())
    return Html(f"<{tag}{given}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Html:
    """Parts one after the other."""
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in children))

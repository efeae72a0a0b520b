"""The frames that a page's charts and tables stand in."""

from service.report.markup import Html, element


def section(title: str, *children: str) -> Html:
    """A part of a page under its own heading."""
    return element("section", element("h2", title), *children)


def chart(name: str, class_: str = "") -> Html:
    """The place where the chart of this name is drawn."""
    return element("div", class_=f"chart {class_}".strip(), data_chart=name)


def note(text: str) -> Html:
    """How to read what follows."""
    return element("p", text, class_="quiet note")

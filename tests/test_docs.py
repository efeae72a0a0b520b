"""What is not written down does not exist: every command, option, setting, route and parameter."""

import re
from inspect import isfunction, signature
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
import typer
from starlette.routing import Route, WebSocketRoute
from typer.testing import CliRunner

from domain import indicators
from domain.runs.request import BacktestRequest, Execution
from domain.strategies import registry, weights
from service.app import create_app
from service.cli.main import app
from service.http.headers import ANSWERED, TAKEN
from service.settings import Settings, settings_table

DOCS = Path(__file__).parents[1] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text()


def sections(name: str) -> dict[str, str]:
    """The page's second-level sections whose title is code, by that title."""
    parts = re.split(r"^## ", page(name), flags=re.MULTILINE)[1:]
    titled = (part.partition("\n") for part in parts)
    return {title.strip("`"): body for title, _, body in titled if title.startswith("`")}


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def test_every_setting_is_documented_with_its_default_and_no_other_is() -> None:
    text = page("settings.md")
    for setting in settings_table():
        default = "number of cores" if setting.default is None else f"`{setting.default}`"
        shown = default if setting.default != "" else "none"
        assert row(f"`{setting.variable}`", shown, setting.description) in text
    assert text.count("\n| `BACKTAPE_") == len(settings_table())


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_parameter_of_a_built_in_strategy_is_documented(name: str) -> None:
    section = sections("strategies.md")[name]
    parameters = registry.describe(registry.BUILT_IN[name])
    for each in parameters:
        line = row(f"`{each.name}`", each.type, each.bounds, each.default, each.description)
        assert line in section
    assert section.count("\n| `") == len(parameters)


def test_no_strategy_is_documented_that_is_not_there() -> None:
    assert set(sections("strategies.md")) == set(registry.BUILT_IN)


@pytest.mark.parametrize("module", [indicators, weights])
def test_every_indicator_is_documented_with_its_parameters(module: ModuleType) -> None:
    table = page("indicators.md")
    public = {name: each for name, each in vars(module).items() if not name.startswith("_")}
    for name, each in public.items():
        if isfunction(each) and each.__module__.startswith(module.__name__):
            assert f"| `{name}({', '.join(signature(each).parameters)})` |" in table


@pytest.mark.parametrize("struct", [BacktestRequest, Execution])
def test_every_field_of_a_request_is_documented(struct: type[msgspec.Struct]) -> None:
    named = re.findall(r"^\| (`[^|]*`) \|", page("http-backtests.md"), flags=re.MULTILINE)
    for field in struct.__struct_fields__:
        assert any(f"`{field}`" in names for names in named), field


def test_every_route_is_documented() -> None:
    text = page("http-api.md")
    for route in create_app(Settings()).routes:
        match route:
            case Route():
                methods = (route.methods or set()) - {"HEAD"}
            case WebSocketRoute():
                methods = {"WS"}
            case _:
                raise AssertionError(f"{route} is of a kind that this test does not know")
        path = re.sub(r":\w+}", "}", route.path)
        for method in methods:
            assert f"`{method} {path}`" in text


@pytest.mark.parametrize("name", [*TAKEN, *ANSWERED])
def test_every_header_is_documented(name: str) -> None:
    assert any(f"`{name}" in path.read_text() for path in DOCS.glob("http-*.md")), name


def _anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by, as GitHub names them."""
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("source", sorted(DOCS.glob("**/*.md")), ids=lambda path: path.name)
def test_every_link_leads_somewhere(source: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", source.read_text()):
        place, _, anchor = link.partition("#")
        target = source.parent / place if place else source
        assert "://" in link or target.exists(), link
        assert "://" in link or not anchor or anchor in _anchors(target.read_text()), link


def _options() -> dict[str, list[str]]:
    """Every command of the application with its options and arguments."""
    found: dict[str, list[str]] = {}
    waiting = [("backtape", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        children = getattr(command, "commands", {})
        waiting += [(f"{name} {child}", each) for child, each in children.items()]
        if not children:
            named = [option for parameter in command.params for option in parameter.opts]
            found[name] = [option for option in named if option != "--help"]
    return found


def test_every_command_is_documented_and_no_other_is() -> None:
    assert set(sections("cli.md")) == set(_options())


@pytest.mark.parametrize(("command", "options"), _options().items())
def test_every_option_is_documented_and_helped_and_no_other_is(
    command: str, options: list[str]
) -> None:
    section = sections("cli.md")[command]
    flags = {option for option in options if option.startswith("--")}
    assert set(re.findall(r"--[a-z][a-z-]+", section)) == flags
    for other in set(options) - flags:
        assert (f"`{other} " if other.startswith("-") else other.upper()) in section
    helped = CliRunner().invoke(app, [*command.split()[1:], "--help"], env={"COLUMNS": "200"})
    assert set(re.findall(r"--[a-z][a-z-]+", helped.stdout)) >= flags

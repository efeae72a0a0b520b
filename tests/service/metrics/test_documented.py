"""What the page on operations says of the numbers: all of them, no others, alerts that can ring."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from eventstore.intake import Backlog
from eventstore.wal import Sizes
from service.execution.executor import Workforce
from service.metrics.exposition import exposition
from service.metrics.standing import Following, Standing
from service.metrics.traffic import Traffic
from service.metrics.writing import Writing

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text()
OF_THE_PROCESS = "backtape_process_"
STANDING = Standing(
    log_id="0" * 32,
    head=7,
    backlog=Backlog(1, 2, 3, 4),
    sizes=Sizes(5, 6),
    disk_free=8,
    runs={"queued": 1},
    optimizations={"pending": 1},
    following=Following({"run": 1}, 0, 0),
    capacity=2,
    workforce=Workforce(2, 1, 0, None),
)


def exposed() -> dict[str, set[str]]:
    """The labels of each metric, by the name that one asks Prometheus for."""
    traffic = Traffic()
    traffic.began()
    traffic.ended("GET", "/backtests", 200, 1_000)
    traffic.sockets["/backtests/{run_id}/stream"] = 1
    text = exposition(STANDING, Writing(), traffic).decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = {label for each in family.samples for label in each.labels} - {"le"}
    return {name: labels for name, labels in found.items() if not name.startswith(OF_THE_PROCESS)}


def documented() -> dict[str, set[str]]:
    """The same as the page's table has it."""
    rows = re.findall(r"^\| (`backtape_[^|]*)\|([^|]*)\| [^|]+ \|$", PAGE, flags=re.MULTILINE)
    return {
        name: set(re.findall(r"`(\w+)`", labels))
        for names, labels in rows
        for name in re.findall(r"`(\w+)`", names)
    }


def test_every_metric_is_documented_with_its_labels_and_no_other_is() -> None:
    assert documented() == exposed()


def test_the_alerts_on_the_page_are_those_of_the_file_and_ask_for_what_there_is() -> None:
    alerts = (ROOT / "deploy" / "prometheus-alerts.yml").read_text()
    assert f"```yaml\n{alerts}```" in PAGE
    asked = {name.removesuffix("_bucket") for name in re.findall(r"\bbacktape_\w+", alerts)}
    assert len(asked) > 5
    assert asked <= exposed().keys()

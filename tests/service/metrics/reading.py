"""The numbers of a service as Prometheus would read them."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.service.api.running import Api


class Numbers:
    """One scrape."""

    def __init__(self, text: str) -> None:
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def samples(self) -> Iterator[Sample]:
        """Every sample of every family."""
        for family in self.families.values():
            yield from family.samples

    def of(self, name: str, **labels: str) -> float:
        """The value of one sample."""
        found = [each for each in self.samples() if (each.name, each.labels) == (name, labels)]
        assert len(found) == 1, (name, labels, found)
        return found[0].value


async def scrape(api: Api) -> Numbers:
    """Ask a service for its numbers."""
    response = await api.http.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Numbers(response.text)

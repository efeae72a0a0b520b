"""The service's numbers as Prometheus reads them.

Imported when they are first asked for: the library takes longer to load than a command may wait.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from service.metrics.histogram import Histogram
from service.metrics.standing import Standing
from service.metrics.traffic import Traffic
from service.metrics.writing import Writing

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
NO_STATUS = "none"


def exposition(standing: Standing, writing: Writing, traffic: Traffic) -> bytes:
    """Everything that is counted, as Prometheus' text format 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Numbers([*_log(standing, writing), *_work(standing), *_http(traffic)]))
    ProcessCollector(namespace="backtape", registry=registry)
    return generate_latest(registry)


class _Numbers(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _log(standing: Standing, writing: Writing) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "backtape_info", "What is running, on which log.", labels=["version", "log_id"]
    )
    info.add_metric([version("backtape"), standing.log_id], 1)
    yield info
    yield _histogram(
        "backtape_append_seconds",
        "From the call of an append until it is on disk.",
        writing.append_seconds,
    )
    yield _histogram(
        "backtape_commit_seconds",
        "How long the writer took for a transaction, its fsync included.",
        writing.commit_seconds,
    )
    yield CounterMetricFamily("backtape_events", "Events appended.", writing.events)
    yield _counter("backtape_appends_refused", "Appends not written.", "reason", writing.refusals)
    backlog, sizes = standing.backlog, standing.sizes
    yield _gauge("backtape_append_queue_appends", "Appends accepted, unwritten.", backlog.appends)
    yield _gauge("backtape_append_queue_events", "Their events.", backlog.events)
    yield _gauge("backtape_append_queue_bytes", "Their bytes.", backlog.bytes)
    yield _gauge("backtape_append_queue_waiting", "Appends with no room yet.", backlog.waiting)
    yield _gauge("backtape_log_position", "The log's last position.", standing.head)
    yield _gauge("backtape_log_bytes", "The size of the log's file.", sizes.log)
    yield _gauge("backtape_wal_bytes", "The size of the log's WAL.", sizes.wal)
    yield _gauge("backtape_disk_free_bytes", "Free on the log's disk.", standing.disk_free)


def _work(standing: Standing) -> Iterator[Metric]:
    following, workforce = standing.following, standing.workforce
    yield _gauges("backtape_runs", "Runs.", "state", standing.runs)
    yield _gauges("backtape_optimizations", "Optimizations.", "state", standing.optimizations)
    yield _gauges("backtape_followers", "Who follows events.", "of", following.followers)
    yield _gauge("backtape_followers_behind", "Those with events to come.", following.behind)
    yield _gauge(
        "backtape_follower_lag_events_max", "Events that the last of them lacks.", following.lag_max
    )
    yield _gauge("backtape_engine_capacity", "Runs executed at once.", standing.capacity)
    yield _gauge("backtape_engines_alive", "Engine processes alive.", workforce.alive)
    yield _gauge("backtape_engines_busy", "Engine processes at work.", workforce.busy)
    yield CounterMetricFamily(
        "backtape_engine_restarts", "Engine processes replaced.", workforce.replaced
    )


def _http(traffic: Traffic) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "backtape_http_requests", "Requests answered.", labels=["method", "route", "status"]
    )
    for (method, route, status), count in sorted(traffic.requests.items()):
        requests.add_metric([method, route, str(status or NO_STATUS)], count)
    yield requests
    seconds = HistogramMetricFamily(
        "backtape_http_request_seconds", "From a request until its answer.", labels=["route"]
    )
    for route, histogram in sorted(traffic.seconds.items()):
        seconds.add_metric([route], histogram.buckets(), histogram.sum)
    yield seconds
    # This one is being answered.
    yield _gauge("backtape_http_requests_in_flight", "Not answered yet.", traffic.in_flight - 1)
    yield _gauges("backtape_websockets", "Open WebSockets.", "route", traffic.sockets)


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value)


def _gauges(name: str, documentation: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _counter(name: str, documentation: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _histogram(name: str, documentation: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, documentation, histogram.buckets(), histogram.sum)

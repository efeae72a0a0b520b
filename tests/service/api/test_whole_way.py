"""From POST to results: what a client sees of one backtest on real prices."""

from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from tests.service.api.running import REAL, Document, Service

STATUS_KEYS = [
    "run_id", "state", "progress", "created_at", "started_at", "finished_at", "error", "log_id",
    "created_by",
]  # fmt: skip


class Followed(msgspec.Struct, frozen=True):
    """One run as its client saw it."""

    run_id: str
    frames: list[Document]
    status: Document
    results: Document

    def of_type(self, type_: str) -> list[Document]:
        return [frame["payload"] for frame in self.frames if frame["type"] == type_]


@pytest.fixture(scope="module")
async def run(service: Service) -> Followed:
    run_id = await service.create(REAL)
    frames = await service.frames(run_id)
    return Followed(run_id, frames, await service.status(run_id), await service.results(run_id))


def assert_moment(text: str) -> None:
    """ISO 8601 with its offset, UTC."""
    offset = datetime.fromisoformat(text).utcoffset()
    assert text.endswith("+00:00")
    assert offset is not None
    assert not offset


async def test_a_post_answers_with_the_status_of_the_new_run(service: Service) -> None:
    response = await service.http.post("/backtests", json=REAL)
    status = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"/backtests/{status['run_id']}"
    assert response.headers["Content-Type"] == "application/json"
    assert list(status) == STATUS_KEYS
    assert str(UUID(status["run_id"])) == status["run_id"]
    assert status["state"] in ("queued", "running")
    assert isinstance(status["progress"], float)
    assert (status["finished_at"], status["error"]) == (None, None)
    assert_moment(status["created_at"])
    location = await service.http.get(response.headers["Location"])
    assert location.json()["run_id"] == status["run_id"]


async def test_the_stream_numbers_its_frames_without_a_gap(run: Followed) -> None:
    assert [frame["event_id"] for frame in run.frames] == list(range(1, len(run.frames) + 1))
    for frame in run.frames:
        assert list(frame) == ["event_id", "run_id", "type", "timestamp", "payload"]
        assert frame["run_id"] == run.run_id
        assert_moment(frame["timestamp"])
    moments = [datetime.fromisoformat(frame["timestamp"]) for frame in run.frames]
    assert moments == sorted(moments)


async def test_the_stream_holds_the_four_types_only(run: Followed) -> None:
    assert {frame["type"] for frame in run.frames} == {"state", "progress", "metric"}
    for payload in run.of_type("progress"):
        assert list(payload) == ["progress", "bar", "bars", "timestamp", "equity"]
        assert 0 < payload["progress"] <= 1
        assert payload["progress"] == payload["bar"] / payload["bars"]
        assert_moment(payload["timestamp"])
    for payload in run.of_type("metric"):
        assert list(payload) == ["name", "value"]
        assert isinstance(payload["value"], int | float | None)


async def test_the_states_follow_each_other_and_name_the_one_before(run: Followed) -> None:
    moves = [(state["previous_state"], state["state"]) for state in run.of_type("state")]
    assert moves == [(None, "queued"), ("queued", "running"), ("running", "completed")]
    queued, started, completed = run.of_type("state")
    assert queued["request"]["initial_capital"] == 1_000_000.0
    assert started["manifest"]["request"] == queued["request"]
    assert completed["progress"] == 1.0
    assert len(completed["digest"]) == 64


async def test_progress_only_ever_grows_and_reaches_the_last_bar(run: Followed) -> None:
    bars = [payload["bar"] for payload in run.of_type("progress")]
    assert bars == sorted(set(bars))
    assert bars[-1] == run.of_type("progress")[-1]["bars"] == len(run.results["equity_curve"])
    assert 1 <= len(bars) <= 100


async def test_the_status_of_a_completed_run(run: Followed) -> None:
    assert list(run.status) == STATUS_KEYS
    assert (run.status["state"], run.status["progress"]) == ("completed", 1.0)
    assert run.status["error"] is None
    assert run.status["created_at"] == run.frames[0]["timestamp"]
    assert run.status["started_at"] == run.frames[1]["timestamp"]
    assert run.status["finished_at"] == run.frames[-1]["timestamp"]


async def test_the_metrics_of_the_results_are_the_metric_events(run: Followed) -> None:
    events = {payload["name"]: payload["value"] for payload in run.of_type("metric")}
    assert list(run.results["metrics_summary"].items()) == list(events.items())


async def test_the_equity_of_the_progress_events_is_the_equity_curve(run: Followed) -> None:
    curve = run.results["equity_curve"]
    for payload in run.of_type("progress"):
        point = curve[payload["bar"] - 1]
        assert point["value"] == payload["equity"]
        assert point["timestamp"] == payload["timestamp"]

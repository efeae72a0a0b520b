"""The stream of what was cancelled and resumed does not end in the middle."""

from uuid import uuid4

import msgspec

from domain.optimizations import lifecycle
from domain.optimizations.events import Cancelled, Resumed, SweepEvent, encode
from domain.optimizations.request import OptimizationRequest, normalise
from domain.runs.events import Logged
from service.feed.tail import PAGE_EVENTS_MAX
from service.optimizations.projection import stream_of
from service.runs import stored_form
from tests.service.api.optimizations.sweeping import SWEEP, frames
from tests.service.api.running import Service


async def test_an_end_at_the_end_of_a_page_ends_nothing_that_goes_on(service: Service) -> None:
    its_id = str(uuid4())
    request = normalise(msgspec.convert(SWEEP, OptimizationRequest))
    lines = [Logged("a line")] * (PAGE_EVENTS_MAX - 2)
    before: list[SweepEvent] = [lifecycle.submit(None, request), *lines]
    after: list[SweepEvent] = [Resumed(previous_state="cancelled"), Cancelled("pending")]
    events = [encode(event) for event in (*before, Cancelled("pending"), *after)]
    await service.core.store.append(stream_of(its_id), stored_form(events), 0)
    found = await frames(service, its_id)
    assert [frame["event_id"] for frame in found] == list(range(1, PAGE_EVENTS_MAX + 3))
    response = await service.http.get(
        f"/optimizations/{its_id}/events", headers={"Accept": "text/event-stream"}
    )
    assert response.text.count("id: ") == PAGE_EVENTS_MAX + 2

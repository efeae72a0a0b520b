"""The writer's thread reports to its loop, and does not outlive it."""

import asyncio
import threading
from functools import partial

import pytest
import uvloop

from eventstore.thread import WorkThread


async def test_work_is_done_in_order_and_its_outcome_comes_back() -> None:
    thread = WorkThread("test")
    done: list[int] = []
    await asyncio.gather(*(thread.call(partial(done.append, number)) for number in range(5)))
    with pytest.raises(ZeroDivisionError):
        await thread.call(lambda: 1 / 0)
    thread.stop()

    assert done == [0, 1, 2, 3, 4]


def test_the_thread_ends_when_its_loop_is_gone() -> None:
    gate = threading.Event()

    async def leave_work_behind() -> None:
        WorkThread("left behind").submit(lambda: gate.wait(60), lambda result, error: None)

    uvloop.run(leave_work_behind())
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "left behind")
    gate.set()
    thread.join(30)

    assert not thread.is_alive()

"""One round: the service lives and dies, the crowd holds on, and at the end all is examined."""

from pathlib import Path

import anyio

from tests.torture.crowd import Crowd
from tests.torture.examination import examine
from tests.torture.process import ServiceProcess, free_port, kill, marked
from tests.torture.schedule import Fault, Life, Plan, Strike
from tests.torture.undisturbed import Undisturbed
from tests.torture.witness import Violation, Witness

ROUND_SECONDS_MAX = 240


async def play(plan: Plan, folder: Path, undisturbed: Undisturbed) -> Witness:
    """Play a round in ``folder``, whose ``data/market`` is there. Raises ``Violation``."""
    witness = Witness()
    try:
        with anyio.fail_after(ROUND_SECONDS_MAX):
            await _suffer(plan, folder, witness)
    except TimeoutError:
        raise Violation(
            f"after {ROUND_SECONDS_MAX} s these runs have not ended: {witness.unfinished()}"
        ) from None
    except ExceptionGroup as group:
        raise _first(group) from group
    finally:
        for pid in marked(folder):
            kill(pid)
    await examine(folder / "data", folder / "temporary", witness, undisturbed)
    return witness


async def _suffer(plan: Plan, folder: Path, witness: Witness) -> None:
    port = free_port()
    async with Crowd(port, witness) as crowd, anyio.create_task_group() as guard:
        guard.start_soon(crowd.listen)
        async with anyio.create_task_group() as clients:
            for post in plan.posts:
                clients.start_soon(crowd.see_through, post)
            for life in plan.lives:
                service = await _live(life, folder, port)
                if life.ending is not None:
                    witness.outlived()
            guard.start_soon(service.require_alive)
            await crowd.knock()  # all may have ended before, and a stop is to be a graceful one
            await crowd.hear_out()
        guard.cancel_scope.cancel()
    await service.terminate()


async def _live(life: Life, folder: Path, port: int) -> ServiceProcess:
    """One life of the service; without an ending it goes on."""
    service = await ServiceProcess.start(folder, port)
    started = anyio.current_time()
    for strike in life.strikes:
        await anyio.sleep_until(started + strike.at)
        await _strike(service, strike)
    if life.ending is not None:
        await anyio.sleep_until(started + life.ending.at)
        await _end(service, life.ending)
    return service


async def _strike(service: ServiceProcess, strike: Strike) -> None:
    match strike.fault:
        case Fault.KILL_ENGINE:
            if engines := service.engines():
                kill(engines[int(strike.choice * len(engines))])
        case Fault.FILL_DISK:
            await service.fill_disk(strike.choice)
        case Fault.KILL_SERVICE | Fault.KILL_EVERYTHING | Fault.TERMINATE:
            raise AssertionError("these end a life")


async def _end(service: ServiceProcess, strike: Strike) -> None:
    service.require_running()
    if strike.fault is Fault.TERMINATE:
        await service.terminate()
    else:
        await service.kill(engines=strike.fault is Fault.KILL_EVERYTHING)


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error

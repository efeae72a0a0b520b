"""While the disk is full nothing is lost and nothing lies; once there is space, all goes on."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from tests.end_to_end.faults import LONG, SHORT, Service, service_in
from tests.torture.examination import examine
from tests.torture.market import make_market
from tests.torture.undisturbed import Undisturbed
from tests.torture.witness import Witness

FULL_SECONDS = 1.5
DISK_BYTES = 48 * 1024 * 1024


class SmallDisk:
    """A disk of its own, of 48 MB, mounted at ``path``."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(path)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small disk is not permitted here")
        self._path = path
        self._ballast = path / "ballast"

    def fill(self, service: Service) -> None:
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, service: Service) -> None:
        self._ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._path)], check=True)


class FileLimit:
    """Where no disk can be mounted: files that the system does not let grow."""

    def __init__(self, path: Path) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, service: Service) -> None:
        size = (service.data / "log.db-wal").stat().st_size
        limit = (size, self._before[1])
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, limit)

    def free(self, service: Service) -> None:
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, self._before)

    def close(self) -> None:
        """Leave it: the service has ended."""


@pytest.fixture(params=[SmallDisk, FileLimit])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk | FileLimit]:
    """The disk under the data folder."""
    disk = request.param(tmp_path / "data")
    yield disk
    disk.close()


async def test_a_full_disk_is_a_pause(tmp_path: Path, disk: SmallDisk | FileLimit) -> None:
    async with service_in(tmp_path) as service:
        undisturbed = Undisturbed(make_market(service.data / "market"))
        await service.start()
        running = await service.create(LONG)
        witness = Witness()
        witness.accepted[running] = LONG
        await service.reached(running, 10)

        disk.fill(service)
        await post_until_refused(service, witness)
        await anyio.sleep(FULL_SECONDS)
        status = (await service.http.get(f"/backtests/{running}")).json()
        assert status["state"] == "running"
        disk.free(service)

        witness.accepted[await service.create(LONG)] = LONG
        for run_id in witness.accepted:
            assert (await service.ended(run_id))["state"] == "completed"
        await service.process.terminate()
        await examine(service.data, tmp_path / "temporary", witness, undisturbed)


async def post_until_refused(service: Service, witness: Witness) -> None:
    """What still finds room in the log is accepted; then clients are told why not."""
    while (response := await service.http.post("/backtests", json=SHORT)).status_code == 201:
        witness.accepted[response.json()["run_id"]] = SHORT
    assert response.status_code == 503
    sentence = "the event log cannot be written at the moment; try again later"
    assert response.json() == {"detail": sentence}
    assert response.headers["Retry-After"] == "1"
    not_ready = await service.http.get("/readyz")
    assert not_ready.status_code == 503
    assert "log: the " in not_ready.json()["detail"]

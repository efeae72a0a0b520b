"""A log that cannot be read stops the service at its start, with a sentence that names the file."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.end_to_end.faults import SHORT, service_in
from tests.torture.witness import Violation


def overwrite_header(log: Path) -> None:
    with log.open("r+b") as file:
        file.write(b"\xff" * 100)


def overwrite_page_of_events(log: Path) -> None:
    with closing(sqlite3.connect(log)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'events'"
        ((page,),) = connection.execute(query)
        ((size,),) = connection.execute("PRAGMA page_size")
    with log.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def cut_short(log: Path) -> None:
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size // 2)


def put_a_folder_there(log: Path) -> None:
    log.unlink()
    log.mkdir()


@pytest.mark.parametrize(
    "damage", [overwrite_header, overwrite_page_of_events, cut_short, put_a_folder_there]
)
async def test_the_service_says_which_file_it_cannot_read(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    async with service_in(tmp_path) as service:
        import_sample(Catalog(service.data / "market"))
        await service.start()
        await service.ended(await service.create(SHORT))
        await service.process.terminate()
        log = service.data / "log.db"
        damage(log)
        before = service.written

        with pytest.raises(Violation, match="the service ended by itself, with 1"):
            await service.start()

        told = service.written.removeprefix(before)
        assert str(log) in told
        assert "Traceback" not in told
        assert len(told.splitlines()) == 1

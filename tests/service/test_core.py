"""Opening a log beside its writer: only where its tables are what this release reads."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.errors import OpenFailed
from eventstore.store import EventStore
from service.core import open_core_read_only
from service.projections import stored_projections
from service.settings import Settings


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE projections SET version = version - 1 WHERE name = 'runs'",
        "UPDATE projections SET version = version + 1 WHERE name = 'runs'",
        "DELETE FROM projections WHERE name = 'runs'",
    ],
)
async def test_tables_of_another_release_are_not_read_until_they_are_folded_anew(
    tmp_path: Path, statement: str
) -> None:
    settings = Settings(data_dir=tmp_path)
    async with await EventStore.open(settings.log_path, projections=stored_projections()):
        pass
    with closing(sqlite3.connect(settings.log_path)) as connection, connection:
        connection.execute(statement)
    with pytest.raises(OpenFailed, match="the tables of runs in this log are those of another"):
        async with open_core_read_only(settings):
            pass
    async with await EventStore.open(settings.log_path, projections=stored_projections()):
        pass
    async with open_core_read_only(settings) as core:
        assert await core.store.head() == 0

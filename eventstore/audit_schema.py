"""Whether the log's own tables and triggers are there, unaltered and alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import TypeAlias

from eventstore.findings import Finding
from eventstore.migrations import migrate

Name: TypeAlias = tuple[str, str]
Objects: TypeAlias = dict[Name, str | None]

OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema"


def check_schema_objects(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Compare with what the migrations make; other tables are none of our business.

    A trigger, index or view that bears on one of our tables, or hides it, is.
    """
    expected, tables = _expected()
    found: Objects = {}
    for kind, name, table, sql in connection.execute(OBJECTS):
        if table.lower() in tables or (kind, name) in expected:  # SQL minds no case
            found[kind, name] = sql
    for (kind, name), sql in expected.items():
        if (kind, name) not in found:
            yield Finding(check="schema", reason=f"the {kind} {name} is missing")
        elif found[kind, name] != sql:
            yield Finding(check="schema", reason=f"the {kind} {name} is not the one we make")
    for kind, name in sorted(found.keys() - expected.keys()):
        yield Finding(check="schema", reason=f"the {kind} {name} does not belong to the log")


@cache
def _expected() -> tuple[Objects, frozenset[str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, 0)
        rows = connection.execute(OBJECTS).fetchall()
    objects = {(kind, name): sql for kind, name, _, sql in rows}
    return objects, frozenset(name for kind, name in objects if kind == "table")

"""The documents name every limit, every error and the schema as it is."""

from pathlib import Path

from eventstore import errors
from eventstore.limits import Limits

PROJECT = Path(__file__).parents[2]
EVENT_LOG = (PROJECT / "docs" / "event-log.md").read_text(encoding="utf-8")


def test_every_limit_is_documented_with_its_default() -> None:
    for name in Limits.__struct_fields__:
        assert f"| `{name}` | {getattr(Limits(), name):,} |" in EVENT_LOG


def test_every_error_is_documented() -> None:
    names = [
        name
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, errors.EventStoreError)
    ]
    assert len(names) > 10
    for name in names:
        assert f"`{name}`" in EVENT_LOG


def test_the_documented_schema_is_the_schema() -> None:
    schema = (PROJECT / "eventstore" / "schema.sql").read_text(encoding="utf-8")
    statements = schema[schema.index("CREATE TABLE events") :]
    assert statements[: statements.index("-- The next")].strip() in EVENT_LOG

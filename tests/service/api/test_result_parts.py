"""The parts of results: each as it stands in the whole document, in five forms."""

import io
from collections.abc import Callable
from typing import Any

import msgspec
import polars as pl
import pytest

from domain.runs.curves import EMPTY
from service.api.result_parts import OPERATIONS
from service.api.result_types import PARTS, ROWS, ResultsDocument
from tests.service.api.running import LONG, REAL, Document, Service

# Something of everything: shorts, borrowed cash, dividends.
RICH = REAL | {
    "benchmark_symbol": "GOOG",
    "execution": {
        "commission_bps": 1.0,
        "allow_short": True,
        "max_leverage": 2.0,
        "borrow_bps": 50.0,
    },
}
MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


@pytest.fixture(scope="module")
async def run_id(service: Service) -> str:
    return await service.completed(RICH)


@pytest.fixture(scope="module")
async def whole(service: Service, run_id: str) -> Document:
    return await service.results(run_id)


async def part(service: Service, run_id: str, name: str, **query: Any) -> bytes:
    response = await service.http.get(f"/backtests/{run_id}/results/{name}", params=query)
    assert response.status_code == 200, response.text
    return response.content


def from_text(rows: list[Document], name: str) -> pl.DataFrame:
    """Rows as JSON has them, in the types that a table has."""
    empty = EMPTY[PARTS[name]]
    texts = {
        column: pl.String if isinstance(kind, pl.Datetime) else kind
        for column, kind in empty.schema.items()
    }
    moments = pl.col(
        column for column, kind in empty.schema.items() if isinstance(kind, pl.Datetime)
    )
    table = pl.DataFrame(rows, schema=texts)
    return table.with_columns(moments.str.to_datetime(time_unit="us", time_zone="UTC"))


@pytest.mark.parametrize("name", PARTS)
async def test_each_part_in_json_is_what_the_whole_document_has(
    service: Service, run_id: str, whole: Document, name: str
) -> None:
    assert msgspec.json.decode(await part(service, run_id, name)) == whole[PARTS[name]]


async def test_the_document_that_is_compared_with_has_rows_in_nearly_all_parts(
    whole: Document,
) -> None:
    empty = {name for name in PARTS if not whole[PARTS[name]]}
    assert empty == {"actions", "recorded"}


@pytest.mark.parametrize("name", PARTS)
async def test_every_form_says_the_same_rows(
    service: Service, run_id: str, whole: Document, name: str
) -> None:
    expected = from_text(whole[PARTS[name]], name)
    lines = (await part(service, run_id, name, format="ndjson")).splitlines()
    assert [msgspec.json.decode(line) for line in lines] == whole[PARTS[name]]
    parquet = pl.read_parquet(io.BytesIO(await part(service, run_id, name, format="parquet")))
    arrow = pl.read_ipc_stream(io.BytesIO(await part(service, run_id, name, format="arrow")))
    csv = await part(service, run_id, name, format="csv")
    assert parquet.schema == arrow.schema == EMPTY[PARTS[name]].schema
    assert parquet.equals(expected)
    assert arrow.equals(expected)
    texts = dict.fromkeys(expected.columns, pl.String)
    table = pl.read_csv(csv, schema=texts)
    assert table.columns == expected.columns
    assert from_text(_numbers(table, name), name).equals(expected)


def _numbers(table: pl.DataFrame, name: str) -> list[Document]:
    numbers = pl.selectors.by_dtype(pl.Float64, pl.Int64)
    columns = EMPTY[PARTS[name]].select(numbers).schema
    return table.cast(columns).to_dicts()


async def test_the_metrics_in_json_are_those_of_the_document(
    service: Service, run_id: str, whole: Document
) -> None:
    assert msgspec.json.decode(await part(service, run_id, "metrics")) == whole["metrics_summary"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet", "arrow"])
async def test_the_metrics_are_a_table_of_names_and_values(
    service: Service, run_id: str, whole: Document, form: str
) -> None:
    body = await part(service, run_id, "metrics", format=form)
    table = READERS[form](io.BytesIO(body))
    assert dict(table.rows()) == whole["metrics_summary"]
    assert table.columns == ["name", "value"]


@pytest.mark.parametrize("name", ["equity", "metrics"])
@pytest.mark.parametrize("form", MEDIA_TYPES)
async def test_a_form_is_asked_for_by_its_media_type_or_by_its_name(
    service: Service, run_id: str, name: str, form: str
) -> None:
    path = f"/backtests/{run_id}/results/{name}"
    accepting = await service.http.get(path, headers={"Accept": MEDIA_TYPES[form]})
    other = "text/csv" if form != "csv" else "application/json"
    naming = await service.http.get(f"{path}?format={form}", headers={"Accept": other})
    for response in (accepting, naming):
        assert response.headers["Content-Type"].partition(";")[0] == MEDIA_TYPES[form]
        assert "Accept" in response.headers["Vary"]
    assert accepting.content == naming.content


async def test_a_form_that_there_is_not_is_refused(service: Service, run_id: str) -> None:
    path = f"/backtests/{run_id}/results/trades"
    response = await service.http.get(path, headers={"Accept": "application/xml, image/*"})
    assert response.status_code == 406
    assert "application/vnd.apache.arrow.stream" in response.json()["detail"]
    response = await service.http.get(f"{path}?format=xlsx")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("query parameter format: ")


async def test_a_part_that_there_is_not_is_404(service: Service, run_id: str) -> None:
    response = await service.http.get(f"/backtests/{run_id}/results/candles")
    assert response.status_code == 404


async def test_a_part_as_an_event_left_it_is_that_of_the_document_then(
    service: Service, run_id: str
) -> None:
    ticks = [event.event_id for event in await service.log(run_id) if event.type == "progress"]
    at_event = ticks[len(ticks) // 2]
    path = f"/backtests/{run_id}/results"
    then = (await service.http.get(path, params={"at_event": at_event})).json()
    assert 0 < len(then["equity_curve"]) < len((await service.results(run_id))["equity_curve"])
    for name, curve in PARTS.items():
        rows = msgspec.json.decode(await part(service, run_id, name, at_event=at_event))
        assert rows == then[curve]
    metrics = await part(service, run_id, "metrics", at_event=at_event)
    assert msgspec.json.decode(metrics) == then["metrics_summary"] == {}


@pytest.mark.parametrize("name", ["trades", "metrics"])
async def test_parts_are_refused_as_the_document_is(service: Service, name: str) -> None:
    running = await service.create(LONG)
    path = f"/backtests/{running}/results"
    for query in ("", "?at_event=1000000", "?at_event=0"):
        document = await service.http.get(path + query)
        alone = await service.http.get(f"{path}/{name}{query}")
        assert document.status_code in (400, 409, 416)
        assert (alone.status_code, alone.json()) == (document.status_code, document.json())
    await service.cancel(running)
    cancelled = await service.http.get(f"{path}/{name}")
    assert cancelled.json() == {"detail": "the run was cancelled and has no results"}
    missing = await service.http.get(f"/backtests/{running[:-1]}/results/{name}")
    assert missing.status_code == 404


@pytest.mark.parametrize("name", ["equity", "metrics"])
async def test_what_the_client_has_is_not_sent_again(
    service: Service, run_id: str, name: str
) -> None:
    path = f"/backtests/{run_id}/results/{name}"
    first = await service.http.get(path)
    tag = first.headers["ETag"]
    again = await service.http.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers["Vary"].split(", ")[0] == "Accept"
    csv = await service.http.get(f"{path}?format=csv", headers={"If-None-Match": tag})
    assert csv.status_code == 200
    assert csv.headers["ETag"] != tag
    earlier = await service.http.get(f"{path}?at_event=10", headers={"If-None-Match": tag})
    assert earlier.status_code == 200


def ndjson_of(body: io.BytesIO) -> pl.DataFrame:
    return pl.DataFrame([msgspec.json.decode(line) for line in body], infer_schema_length=None)


READERS: dict[str, Callable[[io.BytesIO], pl.DataFrame]] = {
    "csv": pl.read_csv,
    "ndjson": ndjson_of,
    "parquet": pl.read_parquet,
    "arrow": pl.read_ipc_stream,
}


async def test_the_answers_are_of_the_types_that_describe_them(
    service: Service, run_id: str, whole: Document
) -> None:
    document = (await service.http.get(f"/backtests/{run_id}/results")).content
    assert isinstance(msgspec.json.decode(document, type=ResultsDocument), ResultsDocument)
    assert list(whole) == [field.name for field in msgspec.structs.fields(ResultsDocument)]
    for name, row in ROWS.items():
        columns = [field.encode_name for field in msgspec.structs.fields(row)]
        assert EMPTY[PARTS[name]].columns == columns
        assert whole[PARTS[name]] == [] or list(whole[PARTS[name]][0]) == columns


def test_each_part_is_an_operation_with_a_name_of_its_own() -> None:
    names = [operation.path.rpartition("/")[2] for operation in OPERATIONS]
    assert names == ["metrics", *PARTS]
    assert [operation.handler.__name__ for operation in OPERATIONS] == names

"""Tables in the forms that tools take: JSON, CSV, NDJSON, Parquet, Arrow.

A table comes as frames of one schema, none of them empty, and is written in the memory of a few.
"""

import io
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Literal, NamedTuple, TypeAlias

import polars as pl

FormName: TypeAlias = Literal["json", "csv", "ndjson", "parquet", "arrow"]
Frames: TypeAlias = Iterable[pl.DataFrame]
Writer: TypeAlias = Callable[[Frames, pl.DataFrame, IO[bytes]], None]

MOMENT = "%Y-%m-%dT%H:%M:%S%.f%:z"  # as JSON has it
ROW_GROUP_ROWS = 32_768
ARROW_PREFIX_BYTES = 8  # 0xFFFFFFFF, then the length of what describes the message
ARROW_END = b"\xff\xff\xff\xff\0\0\0\0"


class Form(NamedTuple):
    """A media type, and what writes a table so: frames, the table without rows, the file."""

    media_type: str
    write: Writer


def write_json(frames: Frames, _: pl.DataFrame, file: IO[bytes]) -> None:
    """One array of objects."""
    opening = b"["
    for frame in frames:
        file.write(opening)
        file.write(frame.write_json().encode()[1:-1])
        opening = b","
    file.write(b"[]" if opening == b"[" else b"]")


def write_ndjson(frames: Frames, _: pl.DataFrame, file: IO[bytes]) -> None:
    """An object on each line."""
    for frame in frames:
        file.write(frame.write_ndjson().encode())


def write_csv(frames: Frames, empty: pl.DataFrame, file: IO[bytes]) -> None:
    """UTF-8 with a header line; what is undefined is empty."""
    file.write(empty.write_csv().encode())
    for frame in frames:
        file.write(frame.write_csv(include_header=False, datetime_format=MOMENT).encode())


def write_parquet(frames: Frames, empty: pl.DataFrame, file: IO[bytes]) -> None:
    """One file (zstd), its row groups of 32,768 rows."""
    with TemporaryDirectory() as folder:
        chunks = []
        for number, chunk in enumerate(_chunks(frames, empty)):
            chunks.append(Path(folder, f"{number:09}.arrow"))
            chunk.write_ipc(chunks[-1], compression="lz4")
        whole = Path(folder, "whole.parquet")
        pl.scan_ipc(chunks).sink_parquet(whole, row_group_size=ROW_GROUP_ROWS)
        with whole.open("rb") as written:
            shutil.copyfileobj(written, file)


def write_arrow(frames: Frames, empty: pl.DataFrame, file: IO[bytes]) -> None:
    """One IPC stream, a record batch for each frame; not compressed, so that any reader can."""
    schema, _ = _arrow_messages(empty)
    file.write(schema)
    for frame in frames:
        _, batches = _arrow_messages(frame)
        file.write(batches)
    file.write(ARROW_END)


FORMS: Mapping[FormName, Form] = {
    "json": Form("application/json", write_json),
    "csv": Form("text/csv", write_csv),
    "ndjson": Form("application/x-ndjson", write_ndjson),
    "parquet": Form("application/vnd.apache.parquet", write_parquet),
    "arrow": Form("application/vnd.apache.arrow.stream", write_arrow),
}
"""Every form by the name that ``format`` gives it."""


def _chunks(frames: Frames, empty: pl.DataFrame) -> Iterator[pl.DataFrame]:
    gathered, rows = [empty], 0
    for frame in frames:
        gathered.append(frame)
        rows += len(frame)
        if rows >= ROW_GROUP_ROWS:
            yield pl.concat(gathered)
            gathered, rows = [empty], 0
    yield pl.concat(gathered)


def _arrow_messages(frame: pl.DataFrame) -> tuple[bytes, memoryview]:
    """The message that is the schema, and those after it but for the end.

    Arrow columnar format, "Encapsulated message format": 0xFFFFFFFF, the length of the metadata,
    the metadata, and a body, which a schema has not.
    """
    stream = io.BytesIO()
    frame.rechunk().write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    messages = stream.getbuffer()
    schema_bytes = ARROW_PREFIX_BYTES + int.from_bytes(messages[4:8], "little")
    return bytes(messages[:schema_bytes]), messages[schema_bytes : -len(ARROW_END)]

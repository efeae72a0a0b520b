"""Which API key made it: in the audit, in the export, and under the same hashes as all else."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from typer.testing import CliRunner

from service.audit.inspection import check_stored
from service.audit.verification import verify_export
from service.cli.main import app
from service.settings import Settings
from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import SHORT, Service, running_service
from tests.tampering import tampered

SECRET = "nobody is to read this"


@pytest.fixture(scope="module")
async def service(folder: Path) -> AsyncIterator[Service]:
    async with running_service(folder, api_keys=(SECRET,), engine_processes=1) as service:
        service.http.headers["X-API-Key"] = SECRET
        yield service


@pytest.mark.parametrize(("family", "request_"), [("backtests", SHORT), ("optimizations", SWEEP)])
async def test_the_audit_and_the_export_say_who_made_it(
    service: Service, folder: Path, tmp_path: Path, family: str, request_: dict[str, object]
) -> None:
    made = await service.http.post(f"/{family}", json=request_, headers={"Prefer": "wait=50"})
    stream = f"{family[:-1]}-{made.headers['location'].rpartition('/')[2]}"
    report = check_stored(Settings(data_dir=folder).log_path, stream, None)
    assert (report.findings, report.notes) == ([], [f"{stream} was made with the API key key-1"])
    export = (await service.http.get(f"{made.headers['location']}/export")).content
    assert verify_export(io.BytesIO(export)).created_by == "key-1"
    (tmp_path / "it.backtape").write_bytes(export)
    told = await anyio.to_thread.run_sync(
        CliRunner().invoke, app, ["verify", str(tmp_path / "it.backtape")]
    )
    assert "origin: it was made with the API key key-1" in told.stdout


async def test_who_changes_it_is_found_out(service: Service, folder: Path) -> None:
    run_id = await service.create(SHORT)
    log = Settings(data_dir=folder).log_path
    with tampered(log) as connection:
        connection.execute(
            "UPDATE events SET payload = CAST(replace(payload, 'key-1', 'key-2') AS BLOB)"
            " WHERE stream = ? AND event_id = 1", (f"backtest-{run_id}",)
        )  # fmt: skip
    report = check_stored(log, f"backtest-{run_id}", None)
    assert "its hash does not follow from its bytes" in report.findings[0].reason

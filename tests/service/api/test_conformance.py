"""The service does what its OpenAPI document says, whatever it is sent, in every auth mode.

No server error, no undocumented status or media type, every answer valid against its schema, no
way in without a key.
"""

from pathlib import Path

import pytest
from anyio import to_thread

from tests.service.api.conformance import examine
from tests.service.api.service_process import service_process

KEY = "conformance-key"
LIMITED = {"BACKTAPE_RUN_SECONDS_MAX": "1", "BACKTAPE_ENGINE_PROCESSES": "1"}


@pytest.mark.parametrize(
    ("keys", "headers", "thorough"),
    [
        ({"BACKTAPE_API_KEY": KEY}, {"Authorization": f"Bearer {KEY}"}, True),
        ({"BACKTAPE_API_KEY": KEY}, {"X-API-Key": KEY}, False),
        ({}, {}, False),
    ],
    ids=["bearer", "header", "open"],
)
async def test_every_answer_is_as_described(
    tmp_path: Path, keys: dict[str, str], headers: dict[str, str], thorough: bool
) -> None:
    output = tmp_path / "output"
    # Without prices what is created by the hundred fails at once, in place of hours of sweeps.
    prices, environment = not thorough, LIMITED | keys
    async with service_process(tmp_path / "data", output, environment, prices=prices) as api:
        found = await to_thread.run_sync(lambda: examine(api.url, headers, thorough=thorough))
    assert "\n\n".join(found.failures) == ""
    assert found.requests.keys() >= {"fuzzing", "stateful"}
    assert found.statuses.keys() >= {200, 201, 400, 404, 409}
    assert KEY not in output.read_text()

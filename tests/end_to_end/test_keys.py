"""A service with API keys, and the commands that know them or not."""

import os
from pathlib import Path

from tests.end_to_end.processes import Service, backtape

RUN = ("run", "--symbol", "UP", "--start", "2020-01-01", "--end", "2021-01-01")


def test_commands_take_the_key_from_a_flag_or_the_environment(tmp_path: Path) -> None:
    keyed = {**os.environ, "BACKTAPE_API_KEY": "sésame, other"}
    service = Service(tmp_path / "data", environment=keyed)
    try:
        command = (*RUN, "--data-source", "synthetic", "--url", service.url)
        assert backtape(*command, "--api-key", "other").returncode == 0
        assert backtape(*command, environment=keyed).returncode == 0
        for key in ([], ["--api-key", "wrong"]):
            refused = backtape(*command, *key)
            assert refused.returncode == 1
            assert "a valid API key is required" in refused.stderr
        assert "sésame" not in service.stderr
    finally:
        service.end()

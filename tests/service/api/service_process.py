"""The service as it is started on the command line, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import open_process
from anyio.streams.text import TextReceiveStream
from httpx2 import AsyncClient

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.service.api.running import Api
from tests.witness import given_by


@asynccontextmanager
async def service_process(
    folder: Path, output: Path, environment: dict[str, str], *, prices: bool = True
) -> AsyncIterator[Api]:
    """``backtape serve`` over a folder with the sample ``prices``, stopped as by Ctrl-C.

    Afterwards ``output`` holds all that it wrote, to standard output and standard error.
    """
    given_by(environment)
    if prices:
        import_sample(Catalog(folder / "market"))
    own = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    command = [sys.executable, "-P", "-m", "service.cli.main", "serve", "--port", "0"]
    with output.open("wb") as errors:
        async with await open_process(
            [*command, "--data-dir", str(folder)],
            stdin=subprocess.DEVNULL,
            stderr=errors,
            env=own | {"BACKTAPE_RATE_LIMIT": "1000000"} | environment,
        ) as process:
            assert process.stdout is not None
            lines = TextReceiveStream(process.stdout)
            announced = await lines.receive()
            url = re.search(r"http://\S+", announced)
            assert url is not None, announced
            try:
                async with AsyncClient(base_url=url[0], trust_env=False, timeout=60) as http:
                    yield Api(url[0], http)
            finally:
                process.send_signal(signal.SIGINT)
                errors.write("".join([announced, *[text async for text in lines]]).encode())
                assert await process.wait() == 0


def _is_setting(variable: str) -> bool:
    return variable.startswith(("BACKTAPE_", "GLOWBACK_"))

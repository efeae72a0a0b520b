"""Load from ``wrk``, which is C and takes next to nothing of the machine that is measured."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from tests.benchmarks.processes import Serving

CONNECTIONS = 64
SECONDS = 3
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 60e3}

MISSING = "" if shutil.which("wrk") else "needs the program wrk (apt-get install wrk)"
"""Why there is no load, or nothing."""


class Load(NamedTuple):
    """What came back: answers a second, and milliseconds until an answer."""

    rate: float
    median: float
    p99: float


def load(
    serving: Serving,
    path: str,
    headers: Mapping[str, str] | None = None,
    connections: int = CONNECTIONS,
    seconds: int = SECONDS,
) -> Load:
    """Ask for one thing over and over, on connections that stay open.

    Every answer must be of the kind 2xx or 3xx, and no connection may break.
    """
    named = [f"-H{name}: {value}" for name, value in (headers or {}).items()]
    url = f"http://{serving.host}:{serving.port}{path}"
    told = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", *named, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Non-2xx" not in told, told
    assert "Socket errors" not in told, told
    (rate,) = re.findall(r"^Requests/sec: +([\d.]+)$", told, re.MULTILINE)
    return Load(float(rate), _centile(told, 50), _centile(told, 99))


def _centile(told: str, centile: int) -> float:
    ((number, unit),) = re.findall(rf"^ +{centile}% +([\d.]+)(\w+) *$", told, re.MULTILINE)
    return float(number) * UNITS[unit]

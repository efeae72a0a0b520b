"""The files under deploy/ fit the service, and are what the documentation shows."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from service.api.events import HEARTBEAT_SECONDS
from service.http.limits import ConnectionLimits
from service.server import GRACE_SECONDS
from service.settings import Settings, settings_table

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
PING_SECONDS = 20  # of a WebSocket: uvicorn's default


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text()


def number_in(name: str, pattern: str) -> int:
    [found] = re.findall(pattern, text_of(name))
    return int(found)


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda file: file.name)
def test_every_file_is_shown_as_it_is(file: Path) -> None:
    pages = (page.read_text() for page in (ROOT / "docs").glob("*.md"))
    assert any(f"\n{file.read_text()}```\n" in page for page in pages)


def test_the_image_is_made_of_the_whole_source() -> None:
    copied = set()
    for line in re.findall(r"^COPY (?!--from)(.*)$", text_of("Containerfile"), re.MULTILINE):
        *sources, _ = line.split()
        copied |= set(sources)
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert copied >= packages
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.parametrize("name", ["backtape.service", "Containerfile"])
def test_only_settings_are_set(name: str) -> None:
    known = {setting.variable for setting in settings_table()}
    assert set(re.findall(r"BACKTAPE_[A-Z_]+", text_of(name))) <= known


def test_proxies_close_idle_connections_before_the_service_does() -> None:
    idle_seconds = ConnectionLimits().idle_seconds
    assert number_in("nginx.conf", r"keepalive_timeout (\d+)s") < idle_seconds
    assert number_in("Caddyfile", r"keepalive (\d+)s") < idle_seconds


def test_a_proxy_waits_for_longer_than_the_service_is_ever_silent() -> None:
    silent_seconds = max(PING_SECONDS, HEARTBEAT_SECONDS)
    assert number_in("nginx.conf", r"proxy_read_timeout (\d+)s") > 2 * silent_seconds


def test_systemd_lets_the_service_stop_by_itself() -> None:
    assert number_in("backtape.service", r"TimeoutStopSec=(\d+)") > GRACE_SECONDS


def test_a_proxy_lets_the_service_itself_refuse_what_is_too_large() -> None:
    megabytes = number_in("nginx.conf", r"client_max_body_size (\d+)m")
    assert megabytes << 20 > Settings().max_body_bytes


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd-analyze on this machine")
    unit = tmp_path / "backtape.service"
    # Who is to run it, and what, is on the machine that it is installed on.
    installed = text_of("backtape.service").replace("/opt/backtape/bin/backtape", "/bin/true")
    unit.write_text(installed.replace("User=backtape\n", "User=root\n"))
    finished = subprocess.run(
        [program, "verify", unit], capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")

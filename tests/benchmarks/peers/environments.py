"""An environment for each peer, so that none of them decides what the others are given."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path("build", "peers")
REQUIREMENTS = {
    "vectorbt": ("vectorbt", "vectorbt-rust"),
    "backtesting": ("backtesting",),
    "backtrader": ("backtrader", "pandas"),
    "bt": ("bt",),
    "nautilus_trader": ("nautilus_trader",),
}


def python_of(peer: str) -> Path:
    """The peer's interpreter; installs its newest release the first time. Needs the network then.

    Raises ``CalledProcessError``.
    """
    environment = FOLDER / peer
    python, ready = environment / "bin" / "python", environment / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([python, *install, *REQUIREMENTS[peer]], check=True)
        ready.touch()
    return python


def installed(peer: str) -> str:
    """The peer's name and version."""
    code = f"from importlib.metadata import version; print(version('{peer}'))"
    done = subprocess.run([python_of(peer), "-c", code], check=True, capture_output=True, text=True)
    return f"{peer} {done.stdout.strip()}"

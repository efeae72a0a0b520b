"""Strategies as a user installs them: a module on the path with an entry point for each class."""

import os
from pathlib import Path

MODULE = '''
import os, signal, subprocess, sys, time
import numpy as np
from domain.strategies.base import SignalStrategy


class Waiting(SignalStrategy, frozen=True):
    """Buys and holds, once there is a file."""

    file: str

    def targets(self, bars, symbols):
        while not os.path.exists(self.file):
            time.sleep(0.01)
        return np.full(len(bars), 1 / symbols)


class Printing(SignalStrategy, frozen=True):
    """Writes to standard output, in every way there is."""

    def targets(self, bars, symbols):
        print("printed")
        sys.stdout.flush()
        os.write(1, b"written" * 10_000)
        os.system("echo echoed")
        return np.full(len(bars), 1 / symbols)


class Leaving(SignalStrategy, frozen=True):
    """Leaves processes behind that hold what they inherited, their numbers in a file."""

    file: str

    def targets(self, bars, symbols):
        left = [subprocess.Popen(["sleep", "60"]).pid, os.fork()]
        if left[1]:
            with open(self.file + ".draft", "w") as numbers:
                numbers.write(" ".join(map(str, left)) + " " + sys.stdin.read())
            os.rename(self.file + ".draft", self.file)
        time.sleep(60)


class Exiting(SignalStrategy, frozen=True):
    """Takes its process down."""

    def targets(self, bars, symbols):
        os._exit(3)


class Killed(SignalStrategy, frozen=True):
    """Is killed, and leaves a mark in a file."""

    file: str

    def targets(self, bars, symbols):
        with open(self.file, "a") as marks:
            marks.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
'''
ENTRY_POINTS = """[backtape.strategies]
waiting = strategies_of_a_user:Waiting
printing = strategies_of_a_user:Printing
leaving = strategies_of_a_user:Leaving
exiting = strategies_of_a_user:Exiting
killed = strategies_of_a_user:Killed
"""


def install(folder: Path) -> dict[str, str]:
    """Install them into ``folder``; gives the environment of a process that finds them."""
    (folder / "strategies_of_a_user.py").write_text(MODULE)
    metadata = folder / "strategies_of_a_user-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: strategies-of-a-user\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}

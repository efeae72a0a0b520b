"""Run ``python -m tests.torture --seed S --rounds N``; ``--first`` begins at a later round."""

import argparse
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic

import uvloop

from tests.torture.market import make_market
from tests.torture.round import play
from tests.torture.schedule import plan
from tests.torture.undisturbed import Undisturbed
from tests.torture.witness import Violation


def main() -> None:
    """Play the rounds; the first violation ends it with exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="the number of the first round")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    undisturbed = Undisturbed(make_market(folder / "market"))
    for number in range(options.first, options.first + options.rounds):
        try:
            _play(options.seed, number, folder, undisturbed)
        except Violation as violation:
            sys.exit(
                f"seed {options.seed}, round {number}: {violation}\n"
                f"what is left of the round is in {folder / str(number)}"
            )
        except Exception:
            print(f"seed {options.seed}, round {number}: the harness failed", file=sys.stderr)
            raise
    shutil.rmtree(folder)


def _play(seed: int, number: int, folder: Path, undisturbed: Undisturbed) -> None:
    started = monotonic()
    own = folder / str(number)
    shutil.copytree(folder / "market", own / "data" / "market")
    witness = uvloop.run(play(plan(seed, number), own, undisturbed))
    shutil.rmtree(own)
    print(f"round {number}: {witness}, {monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()

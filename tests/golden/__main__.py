"""Record the golden runs anew: ``python -m tests.golden``. Each change needs a changelog line."""

from tests.golden.cases import cases
from tests.golden.recording import digest, keep_events, keep_inputs


def main() -> None:
    """Write inputs and events of every case, and say what the changelog must."""
    for name, case in cases().items():
        keep_inputs(name, case.inputs, case.strategy)
        keep_events(name)
    print(f"say why in CHANGELOG.md, in a line that ends with: (golden runs {digest()})")


if __name__ == "__main__":
    main()

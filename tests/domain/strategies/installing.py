"""Puts a distribution with entry points into a folder, as pip would."""

from pathlib import Path

from domain.strategies.registry import ENTRY_POINT_GROUP


def install(folder: Path, **strategies: str) -> None:
    """Write the metadata of a distribution that offers these strategies (name=module:object)."""
    metadata = folder / "someones_strategies-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: someones-strategies\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in strategies.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{ENTRY_POINT_GROUP}]", *lines]))

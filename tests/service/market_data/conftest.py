"""Fixtures for the market-data files."""

from pathlib import Path

import pytest

from service.market_data.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """An empty catalog in a folder that does not exist yet."""
    return Catalog(tmp_path / "market")

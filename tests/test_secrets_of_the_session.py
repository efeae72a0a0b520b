"""No API key in anything that any server of this session wrote. These tests run last."""

from pathlib import Path
from urllib.parse import quote

import pytest

from service.keys.key_file import create_key
from tests.witness import GIVEN, PIECE_BYTES, WRITTEN, files_with_keys, keys_in

KEY = "Quux%ottle/+ &key"


@pytest.mark.parametrize("written", [KEY, quote(KEY), quote(KEY, safe="")])
def test_a_key_is_found_however_it_is_spelled(tmp_path: Path, written: str) -> None:
    file = tmp_path / "deep" / "log"
    file.parent.mkdir()
    file.write_text("x" * (PIECE_BYTES - 5) + f"{written}after")
    assert list(files_with_keys(tmp_path, [KEY])) == [(file, KEY)]
    file.unlink()


def test_a_made_key_is_found_without_being_known(tmp_path: Path) -> None:
    key = create_key(tmp_path / "keys.json", "ci", "run", None, 0)
    assert list(files_with_keys(tmp_path, [])) == []
    assert keys_in(f"before {key}, after", []) == [key]


def test_no_key_is_in_any_file_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert list(files_with_keys(tmp_path_factory.getbasetemp(), GIVEN)) == []


def test_no_key_is_in_any_output_of_the_session() -> None:
    assert not WRITTEN

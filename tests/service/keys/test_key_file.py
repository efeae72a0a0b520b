"""The file of keys: what it holds, who may read it, and who may be called what."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from service.keys.key_file import MADE_KEY, KeysError, create_key, digest_of, read_keys, revoke_key

NOW = 1_800_000_000
CREATE = (
    "import sys; from pathlib import Path; from service.keys.key_file import create_key;"
    "create_key(Path(sys.argv[1]), sys.argv[2], 'run', None, 0)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


def test_a_key_is_told_once_and_only_its_digest_is_kept(path: Path) -> None:
    key = create_key(path, "ci", "run", NOW + 60, NOW)
    assert MADE_KEY.fullmatch(key)
    assert len(key) == len("backtape_") + 64
    [stored] = read_keys(path)
    assert (stored.name, stored.scope, stored.created_at) == ("ci", "run", NOW)
    assert stored.digest == digest_of(key.encode()).hex()
    assert key.removeprefix("backtape_") not in path.read_text()


def test_the_file_is_for_its_owner_and_lies_there_alone(path: Path) -> None:
    for name in ("a", "b"):
        create_key(path, name, "read", None, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_no_two_keys_are_alike(path: Path) -> None:
    assert len({create_key(path, f"k{n}", "read", None, NOW) for n in range(5)}) == 5


def test_a_key_is_valid_until_it_expires_or_is_revoked(path: Path) -> None:
    create_key(path, "ci", "run", NOW + 60, NOW)
    create_key(path, "other", "run", None, NOW)
    ci, other = read_keys(path)
    assert [ci.state_at(NOW + seconds) for seconds in (59, 60)] == ["valid", "expired"]
    assert other.state_at(2**40) == "valid"
    assert revoke_key(path, "ci", NOW + 90).state_at(NOW) == "revoked"
    assert [key.state_at(NOW) for key in read_keys(path)] == ["revoked", "valid"]


@pytest.mark.parametrize(
    "name", ["", "9a", "-a", "a b", "a/b", "a\n", "é", "a" * 65, "key-1", "key-007", "10.0.0.1"]
)
def test_a_name_that_would_mislead_is_refused(path: Path, name: str) -> None:
    with pytest.raises(KeysError, match="cannot be the name of a key"):
        create_key(path, name, "run", None, NOW)
    assert not path.exists()


def test_a_name_stands_for_one_key_for_ever(path: Path) -> None:
    create_key(path, "ci", "run", None, NOW)
    for _ in range(2):
        with pytest.raises(KeysError, match="there is or was a key 'ci'"):
            create_key(path, "ci", "read", None, NOW)
        if read_keys(path)[0].revoked_at is None:
            revoke_key(path, "ci", NOW)
    assert len(read_keys(path)) == 1


def test_what_is_not_there_cannot_be_revoked(path: Path) -> None:
    with pytest.raises(KeysError, match="no key 'ci' to be revoked; there are none"):
        revoke_key(path, "ci", NOW)
    create_key(path, "ci", "run", None, NOW)
    create_key(path, "laptop", "run", None, NOW)
    revoke_key(path, "ci", NOW)
    with pytest.raises(KeysError, match="no key 'ci' to be revoked; there are laptop"):
        revoke_key(path, "ci", NOW)


def test_commands_that_run_at_once_lose_no_key(path: Path) -> None:
    names = {f"k{number}" for number in range(4)}
    command = [sys.executable, "-P", "-c", CREATE, str(path)]
    for process in [subprocess.Popen([*command, name]) for name in names]:
        assert process.wait() == 0
    assert {key.name for key in read_keys(path)} == names


def test_a_file_that_others_may_read_is_refused(path: Path) -> None:
    create_key(path, "ci", "run", None, NOW)
    path.chmod(0o640)
    for use in (read_keys, lambda path: revoke_key(path, "ci", NOW)):
        with pytest.raises(KeysError, match="chmod 600"):
            use(path)


NO_DIGEST = b'{"keys":[{"name":"a","scope":"run","digest":"x","created_at":1}]}'


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"keys":[{"name":"a"}]}', NO_DIGEST, b"\xff", b'{"keys":[],"more":1}'],
)
def test_what_is_no_such_file_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeysError, match="is not what `backtape keys` writes"):
        create_key(path, "ci", "run", None, NOW)
    assert path.read_bytes() == content


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_belongs_to_whom_the_folder_does(path: Path) -> None:
    path.parent.mkdir()
    os.chown(path.parent, 1234, 2345)
    create_key(path, "ci", "run", None, NOW)
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)

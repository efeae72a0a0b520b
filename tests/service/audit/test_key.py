import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from eventstore.errors import OpenFailed
from eventstore.events import NewEvent
from eventstore.store import EventStore
from service.audit.errors import EvidenceError
from service.audit.key import open_key, public_hex
from service.core import open_core, open_core_read_only
from service.projections import stored_projections
from service.settings import Settings

OPEN = "import sys; from pathlib import Path; from service.audit.key import open_key, public_hex; "


def test_a_key_is_made_once_for_its_owners_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "audit-key.pem"
    key = open_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_hex(open_key(path)) == public_hex(key)
    assert len(public_hex(key)) == 64
    assert list(tmp_path.iterdir()) == [path]


def test_processes_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    script = OPEN + "print(public_hex(open_key(Path(sys.argv[1]))))"
    command = [sys.executable, "-c", script, str(tmp_path / "audit-key.pem")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    keys = {process.communicate()[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit-key.pem"
    open_key(path)
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="chmod 600"):
        open_key(path)


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAA==\n"])
def test_what_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "audit-key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(EvidenceError, match="does not hold an unencrypted private key"):
        open_key(path)
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit-key.pem"
    path.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    path.chmod(0o600)
    with pytest.raises(EvidenceError, match="another kind than Ed25519"):
        open_key(path)


async def test_no_key_is_made_for_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    settings.log_path.write_text("not a log")
    with pytest.raises(OpenFailed):
        async with open_core(settings):
            pass
    assert not settings.audit_key_path.exists()


async def test_a_new_key_for_an_old_log_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path)
    async with await EventStore.open(settings.log_path, projections=stored_projections()) as store:
        async with open_core_read_only(settings):
            assert caplog.messages == []  # the first key of a new log
        await store.append("other", [NewEvent("thing", b"{}")], 0)
        async with open_core_read_only(settings):
            assert caplog.messages == []  # the same key
        settings.audit_key_path.unlink()
        async with open_core_read_only(settings) as core:
            key = public_hex(core.audit_key)
            assert caplog.messages == [f"a new audit key was made: {key}"]

"""Checkpoints and consistency over HTTP, verified as docs/auditing.md says, without our code."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.audit.checkpoint import Checkpoint, read_checkpoint, require_growth, require_signature
from service.audit.errors import EvidenceError
from service.audit.key import open_key
from tests.service.api.running import SHORT, Service


async def kept(service: Service) -> Checkpoint:
    response = await service.http.get("/audit/checkpoint")
    assert response.status_code == 200
    return read_checkpoint(response.content, "the answer")


async def proof(service: Service, old: int, new: int) -> list[str]:
    response = await service.http.get(f"/audit/consistency?from={old}&to={new}")
    assert response.status_code == 200
    assert response.json()["from"] == old
    assert response.json()["to"] == new
    hashes: list[str] = response.json()["proof"]
    return hashes


def changed(checkpoint: Checkpoint, **values: Any) -> Checkpoint:
    return msgspec.structs.replace(checkpoint, **values)


async def test_the_signed_bytes_are_those_of_the_documentation(service: Service) -> None:
    await service.completed(SHORT)
    answer = (await service.http.get("/audit/checkpoint")).json()
    statement = (
        f"backtape checkpoint\n{answer['log_id']}\n{answer['size']}\n"
        f"{answer['root']}\n{answer['time']}\n"
    ).encode()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(answer["public_key"]))
    key.verify(bytes.fromhex(answer["signature"]), statement)
    with pytest.raises(InvalidSignature):
        key.verify(bytes.fromhex(answer["signature"]), statement + b"\n")


async def test_the_root_is_the_rfc_6962_hash_of_all_events(service: Service) -> None:
    await service.completed(SHORT)
    checkpoint = await kept(service)
    hashes = [event.hash for event in await service.core.store.read_all(limit=10_000)]
    assert checkpoint.size == len(hashes)
    assert checkpoint.log_id == service.core.store.log_id
    assert checkpoint.root == _merkle_tree_hash(hashes).hex()


async def test_one_kept_line_proves_that_the_log_has_only_grown(service: Service) -> None:
    lines = [await kept(service)]
    for _ in range(3):
        await service.completed(SHORT)
        lines.append(await kept(service))
    assert len({line.size for line in lines}) == 4
    for index, old in enumerate(lines):
        for new in lines[index:]:
            require_growth(old, new, await proof(service, old.size, new.size))


async def test_another_past_cannot_be_proven(service: Service) -> None:
    old = await kept(service)
    await service.completed(SHORT)
    new = await kept(service)
    hashes = await proof(service, old.size, new.size)
    signing = service.core.audit_key
    other = changed(old, root=bytes(32).hex())
    other = changed(other, signature=signing.sign(other.statement()).hex())
    with pytest.raises(EvidenceError, match="does not begin with"):
        require_growth(other, new, hashes)
    with pytest.raises(EvidenceError, match="does not begin with"):
        require_growth(new, old, hashes)
    for wrong in ([], hashes[:-1], [*hashes, hashes[0]], hashes[::-1]):
        with pytest.raises(EvidenceError, match="does not begin with"):
            require_growth(old, new, wrong)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("log_id", "0" * 32),
        ("size", 1),
        ("root", "0" * 64),
        ("time", "2026-01-01T00:00:00+00:00"),
        ("public_key", "0" * 64),
        ("signature", "0" * 128),
        ("signature", "no hex"),
    ],
)
async def test_no_field_of_a_checkpoint_can_be_changed(
    service: Service, field: str, value: Any
) -> None:
    await service.completed(SHORT)
    checkpoint = await kept(service)
    require_signature(checkpoint)
    with pytest.raises(EvidenceError):
        require_signature(changed(checkpoint, **{field: value}))


async def test_a_checkpoint_of_another_key_is_not_taken(service: Service, tmp_path: Path) -> None:
    checkpoint = await kept(service)
    stranger = open_key(tmp_path / "stranger.pem")
    forged = changed(checkpoint, public_key=stranger.public_key().public_bytes_raw().hex())
    forged = changed(forged, signature=stranger.sign(forged.statement()).hex())
    require_signature(forged)
    with pytest.raises(EvidenceError, match="is signed with the key"):
        require_signature(forged, checkpoint.public_key)
    with pytest.raises(EvidenceError, match="is signed with the key"):
        require_growth(checkpoint, forged, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?from=1", 400),
        ("?from=-1&to=1", 400),
        ("?from=a&to=1", 400),
        ("?from=2&to=1", 400),
        ("?from=1&to=1&at=1", 400),
        ("?from=0&to=99999999", 416),
        ("?from=0&to=9223372036854775808", 400),
    ],
)
async def test_consistency_of_what_is_not_there_is_refused(
    service: Service, query: str, status: int
) -> None:
    await service.completed(SHORT)
    response = await service.http.get(f"/audit/consistency{query}")
    assert response.status_code == status, response.text


def _merkle_tree_hash(leaves: list[bytes]) -> bytes:
    # RFC 6962, section 2.1, word for word.
    if len(leaves) == 0:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = _merkle_tree_hash(leaves[:k]), _merkle_tree_hash(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()

"""Keys of the data folder: what a change of the file does to a service that runs."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from httpx2 import AsyncClient

from service.http.keys import LOOK_MICROSECONDS, ApiKeys
from service.keys.key_file import KeysError, create_key, revoke_key
from service.settings import Settings
from tests.service.http.sample_app import guarded_app
from tests.service.log_capture import captured_log
from tests.serving import client_of

NOW = 1_800_000_000


class Guarded:
    """An app that a file of keys opens, in a time that passes with every request, and by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._microseconds = 0

    def monotonic(self) -> int:
        self._microseconds += LOOK_MICROSECONDS
        return self._microseconds

    def now(self) -> int:
        return NOW + self._microseconds // 1_000_000

    def wait(self, seconds: int) -> None:
        self._microseconds += seconds * 1_000_000

    def client(self, *given: str) -> AbstractAsyncContextManager[AsyncClient]:
        keys = ApiKeys(given, self.path, self.now)
        return client_of(guarded_app(Settings(), keys, self.monotonic, self.now))

    def create(self, name: str, expires_at: int | None = None) -> str:
        return create_key(self.path, name, "run", expires_at, NOW)


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


async def told(client: AsyncClient, key: str | None = None) -> tuple[int, str]:
    """The status and, of a refusal, its detail."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    response = await client.get("/hello", headers=headers)
    return response.status_code, response.json().get("detail", "")


async def test_a_new_key_opens_at_once_and_a_revoked_one_does_not(guarded: Guarded) -> None:
    async with guarded.client("given") as client:
        assert (await told(client, "given"))[0] == 200
        key, other = guarded.create("ci"), guarded.create("other")
        assert (await told(client, key))[0] == 200
        revoke_key(guarded.path, "ci", NOW)
        assert await told(client, key) == (401, "the API key 'ci' was revoked")
        assert [(await told(client, good))[0] for good in (other, "given")] == [200, 200]
        both = {"Authorization": f"Bearer {other}", "X-API-Key": key}
        assert (await client.get("/hello", headers=both)).status_code == 200


async def test_a_key_opens_until_it_expires(guarded: Guarded) -> None:
    key = guarded.create("ci", expires_at=NOW + 60)
    async with guarded.client() as client:
        assert (await told(client, key))[0] == 200
        guarded.wait(60)
        reason = "the API key 'ci' expired at 2027-01-15T08:01:00+00:00"
        assert await told(client, key) == (401, reason)


async def test_the_first_key_closes_an_open_service_and_the_last_does_not_open_it(
    guarded: Guarded,
) -> None:
    async with guarded.client() as client:
        assert (await told(client))[0] == 200
        key = guarded.create("ci")
        assert [(await told(client, each))[0] for each in (None, key)] == [401, 200]
        revoke_key(guarded.path, "ci", NOW)
        assert (await told(client))[0] == 401
        guarded.path.unlink()
        assert [(await told(client, each))[0] for each in (None, key)] == [401, 401]


async def test_after_a_restart_revoked_keys_still_guard(guarded: Guarded) -> None:
    guarded.create("ci")
    revoke_key(guarded.path, "ci", NOW)
    async with guarded.client() as client:
        assert (await told(client))[0] == 401


async def test_a_file_that_cannot_be_read_opens_nothing_until_it_is_mended(
    guarded: Guarded,
) -> None:
    key = guarded.create("ci")
    with captured_log(Settings()) as log:
        async with guarded.client("given") as client:
            guarded.path.chmod(0o644)
            assert [(await told(client, each))[0] for each in (key, key, "given")] == [
                401,
                401,
                200,
            ]
            guarded.path.chmod(0o600)
            assert (await told(client, key))[0] == 200
            guarded.path.write_bytes(b"{")
            assert (await told(client, key))[0] == 401
    lines = [line for line in log.records if line["level"] == "error"]
    problems = ["is open to other users; chmod 600 it", "is not what `backtape keys` writes"]
    assert [problem in line["event"] for line, problem in zip(lines, problems, strict=True)]


async def test_an_open_service_does_not_stay_open_beside_a_file_that_cannot_be_read(
    guarded: Guarded,
) -> None:
    async with guarded.client() as client:
        guarded.path.write_bytes(b"{")
        guarded.path.chmod(0o600)
        assert [(await told(client))[0] for _ in range(2)] == [401, 401]


def test_a_service_does_not_start_on_a_file_that_cannot_be_read(guarded: Guarded) -> None:
    guarded.create("ci")
    guarded.path.chmod(0o644)
    with pytest.raises(KeysError, match="open to other users"):
        guarded.client()


async def test_the_log_names_the_key_also_one_that_is_good_no_more(guarded: Guarded) -> None:
    key = guarded.create("ci")
    with captured_log(Settings()) as log:
        async with guarded.client() as client:
            await told(client, key)
            revoke_key(guarded.path, "ci", NOW)
            await told(client, key)
            await client.get(f"/{key}", headers={"X-API-Key": "wrong"})
    lines = [(line["status"], line["key"]) for line in log.of("access")]
    assert lines == [(200, "ci"), (401, "ci"), (401, None)]
    assert key.removeprefix("backtape_")[:12] not in log.text

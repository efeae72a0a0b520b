"""No API key in anything that the service writes, however it was given."""

from pathlib import Path
from urllib.parse import quote

from websockets.asyncio.client import connect

from service.clock import now_seconds
from service.keys.key_file import create_key
from tests.service.api.running import SHORT, Api, close_of
from tests.service.api.service_process import service_process
from tests.serving import websocket_url

PLAIN, SPECIAL = "Zyzzogeton-0123456789", "Quux%ottle/+ &key"


async def test_no_key_is_written_anywhere(tmp_path: Path) -> None:
    folder, output = tmp_path / "data", tmp_path / "output"
    environment = {"GLOWBACK_API_KEY": f"{PLAIN}, {SPECIAL}", "BACKTAPE_LOG_LEVEL": "debug"}
    made = create_key(folder / "keys.json", "ci", "run", None, now_seconds())
    async with service_process(folder, output, environment) as api:
        for key in (PLAIN, SPECIAL, made):
            await use_in_every_way(api, key)
    files = (output, folder / "keys.json", *folder.glob("log.db*"))
    written = {path.name: path.read_bytes() for path in files}
    assert b"/stream" in written["output"]
    assert b"completed" in written["log.db"]
    for name, content in written.items():
        part = made.removeprefix("backtape_")[:16]
        for secret in (PLAIN, SPECIAL, quote(SPECIAL), quote(SPECIAL, safe=""), "Quux", part):
            assert secret.encode() not in content, name


async def use_in_every_way(api: Api, key: str) -> None:
    """Requests that work, that fail, and that put the key where it does not belong."""
    header, bearer = {"X-API-Key": key}, {"Authorization": f"Bearer {key}"}
    escaped = quote(key, safe="")
    created = await api.http.post("/backtests", json=SHORT, headers=header)
    run_id = created.json()["run_id"]
    for query in (f"?api_key={escaped}", f"?last_event_id=x&api_key={escaped}"):
        address = websocket_url(api.url, f"/backtests/{run_id}/stream{query}")
        async with connect(address, proxy=None) as socket:
            await close_of(socket)
    # Of the last two the log keeps so much that they are cut short in the middle of a key.
    paths = [f"/backtests/{escaped}", f"/{escaped}"]
    paths += [f"/{'x' * length}/{escaped}" for length in (170, 188)]
    for path in (f"/backtests?api_key={escaped}", *paths):
        response = await api.http.get(path, headers=bearer)
        assert response.status_code in (400, 404)
    wrong = {"X-API-Key": f"{key}?"}
    assert (await api.http.get("/backtests", headers=wrong)).status_code == 401

"""Commands of whoever wants proof: checkpoints, proofs, exports, and their verification."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from service.cli.connection import with_client
from service.cli.failures import failures_told
from service.cli.files import written_whole
from service.cli.options import ApiKey, DataDirectory, Output, Url
from service.cli.plain import spelled_out

if TYPE_CHECKING:
    from service.audit.checkpoint import Checkpoint
    from service.audit.verification import Verified
    from service.client.client import Client

CheckpointFile: TypeAlias = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A checkpoint, as it was printed.")
]
PublicKey: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="HEX", help="The key that must have signed, as `backtape audit-key`."),
]

prove_app = typer.Typer(name="prove", help="Proofs to hand out.", no_args_is_help=True)


def checkpoint(url: Url = None, api_key: ApiKey = None, data_dir: DataDirectory = None) -> None:
    """Print a signed checkpoint of the log as it is now: one line, to be kept elsewhere."""

    async def show(client: "Client") -> None:
        typer.echo((await client.checkpoint()).decode())

    _ask(show, url, api_key, data_dir)


def audit_key(url: Url = None, api_key: ApiKey = None, data_dir: DataDirectory = None) -> None:
    """Print the public key that checkpoints are signed with, in hexadecimal."""
    from service.audit.checkpoint import read_checkpoint

    async def show(client: "Client") -> None:
        typer.echo(read_checkpoint(await client.checkpoint(), "the answer").public_key)

    _ask(show, url, api_key, data_dir)


@prove_app.command("event")
def prove_event(
    run_id: Annotated[str, typer.Argument(help="As `backtape runs` lists it.")],
    event_id: Annotated[int, typer.Argument(min=1, help="The event's number in the run.")],
    output: Output,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Write an export of one event: proof that it is in the log, for `backtape verify`."""
    _export(run_id, event_id, output, url, api_key, data_dir)


@prove_app.command("growth")
def prove_growth(
    old: CheckpointFile,
    new: CheckpointFile,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Print the proof that the log of OLD only grew into that of NEW, for verify-checkpoint."""
    with failures_told():
        sizes = _read(old).size, _read(new).size

    async def show(client: "Client") -> None:
        typer.echo((await client.consistency(*sizes)).decode())

    _ask(show, url, api_key, data_dir)


def verify_checkpoint(
    old: CheckpointFile,
    new: CheckpointFile,
    proof: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="What `backtape prove growth` printed; else the log is asked.",
        ),
    ] = None,
    public_key: PublicKey = None,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Check that nothing before OLD was changed or removed when NEW was signed."""
    from service.audit.checkpoint import require_growth, require_signature

    with failures_told():
        kept, present = _read(old), _read(new)
        require_signature(kept, public_key)
        if proof is not None:
            require_growth(kept, present, _hashes(proof.read_bytes()))

    async def ask_and_check(client: "Client") -> None:
        answer = await client.consistency(kept.size, present.size)
        require_growth(kept, present, _hashes(answer))

    if proof is None:
        _ask(ask_and_check, url, api_key, data_dir)
    typer.echo(
        f"the {kept.size:,} events of {kept.time} are unchanged: the log of {present.time}"
        f" begins with them and holds {present.size:,}"
    )
    if kept.log_id != present.log_id:
        typer.echo(f"the log was restored meanwhile: its id was {kept.log_id}")


def export(
    run_id: Annotated[str, typer.Argument(help="As `backtape runs` lists it.")],
    output: Output,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Write a run's events with proofs and a signed checkpoint into one file."""
    _export(run_id, None, output, url, api_key, data_dir)


def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export.")],
    public_key: PublicKey = None,
) -> None:
    """Check an export by itself, without a service or a log, and print what it proves."""
    from service.audit.verification import verify_export

    with failures_told(), file.open("rb") as opened:
        verified = verify_export(opened, public_key)
    for line in _proven(verified, trusted=public_key is not None):
        typer.echo(spelled_out(line))


def _proven(verified: "Verified", *, trusted: bool) -> list[str]:
    checkpoint, first = verified.checkpoint, verified.first_event_id
    last = first + verified.events - 1
    source = "which you gave" if trusted else "which is the file's own: compare it with yours"
    lines = [
        f"signature: log {checkpoint.log_id} had {checkpoint.size:,} events and the root"
        f" {checkpoint.root} at {checkpoint.time}, says the key {checkpoint.public_key}, {source}",
        f"hashes: events {first} to {last} of {verified.stream}, each from its bytes and the event"
        " before",
        "places: each of these events is at its position of that log",
    ]
    if first == 1:
        lines.append(f"ending: {_ENDINGS[verified.ending]}")
    if verified.created_by is not None:
        lines.append(f"origin: it was made with the API key {verified.created_by}")
    return lines


_ENDINGS = {
    None: "this file does not show how the run ended",
    "completed": "the run completed, with the digest of these events, which are all",
    "failed": "the run failed, these are all its events",
    "cancelled": "the run was cancelled, these are all its events",
}


def _export(
    run_id: str,
    event_id: int | None,
    output: Path,
    url: str | None,
    api_key: str | None,
    data_dir: Path | None,
) -> None:
    async def write(client: "Client") -> None:
        with written_whole(output) as file:
            async for piece in client.export(run_id, event_id):
                file.write(piece)

    _ask(write, url, api_key, data_dir)


def _ask(
    use: Callable[["Client"], Awaitable[None]],
    url: str | None,
    api_key: str | None,
    data_dir: Path | None,
) -> None:
    with failures_told():
        with_client(use, url, api_key, data_dir, read_only=True)


def _read(path: Path) -> "Checkpoint":
    from service.audit.checkpoint import read_checkpoint

    return read_checkpoint(path.read_bytes(), str(path))


def _hashes(text: bytes) -> list[str]:
    import msgspec

    from service.audit.errors import EvidenceError

    try:
        return msgspec.convert(msgspec.json.decode(text)["proof"], list[str])
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise EvidenceError("the proof is not what `backtape prove growth` prints") from error

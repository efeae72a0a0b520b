"""How a command ends that cannot do what it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from service.cli.plain import plain

# Ctrl-C, and a reader of the output who has left: to them there is nothing to be said.
_ENDINGS = (KeyboardInterrupt, SystemExit, BrokenPipeError)


def tell(message: str) -> None:
    """Say something to the user, on standard error."""
    # Imported only now: a command that has nothing to say begins its work sooner.
    from rich.console import Console

    Console(stderr=True, soft_wrap=True).print(plain(message))


@contextmanager
def failures_told() -> Iterator[None]:
    """Failures that a user can mend end the command with their message and exit code 1."""
    try:
        yield
    except BaseException as error:
        failures = list(_leaves(error))
        for failure in failures:
            if isinstance(failure, _ENDINGS):
                raise failure from None
        if not all(isinstance(failure, _mendable()) for failure in failures):
            raise
        for failure in failures:
            tell(_words(failure))
        raise typer.Exit(1) from error


def _mendable() -> tuple[type[Exception], ...]:
    # Imported only now: a command that succeeds need not load them.
    from domain.errors import DomainError
    from eventstore.errors import EventStoreError
    from service.audit.errors import EvidenceError
    from service.client.errors import ClientError
    from service.keys.key_file import KeysError
    from service.market_data.errors import MarketDataError
    from service.server import ServerFailed
    from service.settings import SettingsError

    rooms = (DomainError, EventStoreError, EvidenceError, MarketDataError)
    own = (ClientError, KeysError, ServerFailed, SettingsError)
    return (*rooms, *own, OSError, UnicodeEncodeError)


def _words(error: BaseException) -> str:
    from eventstore.errors import LogLocked

    if isinstance(error, LogLocked):
        return f"{error}; to use a service that runs on this folder, give its address with --url"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error

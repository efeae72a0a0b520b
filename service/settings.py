"""Every setting of the service: its variable, its default, its bounds and what it means."""

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from service.validation import explain

PREFIX = "BACKTAPE_"
ALIAS_PREFIX = "GLOWBACK_"  # read too, so that the documented names work as written

_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s?#,]+", re.IGNORECASE)


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what would be right."""


def variable_of(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + {"api_keys": "API_KEY"}.get(field, field.upper())


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=variable_of):
    """How this service runs. The encoded name of a field is its environment variable."""

    data_dir: Annotated[Path, Meta(description="The folder that holds log.db and market/.")] = Path(
        "var"
    )
    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    ] = 8000
    api_keys: Annotated[
        tuple[str, ...],
        Meta(description="API keys, separated by commas; without any the service is open."),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(description="Origins whose pages may call the API, separated by commas; * is any."),
    ] = ()
    rate_limit: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Requests per window for one key or address.")
    ] = 100
    rate_window: Annotated[
        int, Meta(ge=1, le=86_400, description="The rate limit's window in seconds.")
    ] = 60
    max_body_bytes: Annotated[
        int, Meta(ge=1, description="The largest request body in bytes; above it: 413.")
    ] = 1 << 20
    sockets_max: Annotated[
        int,
        Meta(ge=1, description="WebSockets and event streams that a key or address may have open."),
    ] = 2000
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses or networks, by commas, whose X-Forwarded headers count."),
    ] = ()
    tls_certificate: Annotated[
        Path | None,
        Meta(description="A PEM file with the certificate and its chain: https and wss."),
    ] = None
    tls_key: Annotated[
        Path | None,
        Meta(description="Its private key, if that is not in the same file."),
    ] = None
    tls_authority: Annotated[
        Path | None,
        Meta(description="A PEM file of authorities that commands with --url trust besides."),
    ] = None
    engine_processes: Annotated[
        int, Meta(ge=1, description="Processes that run backtests; by default one for each core.")
    ] = msgspec.field(default_factory=lambda: os.cpu_count() or 1)
    missing_data: Annotated[
        Literal["fail", "synthetic"],
        Meta(description="A run whose prices are missing fails, or runs on made-up ones."),
    ] = "fail"
    executor: Annotated[
        Literal["local", "ray"],
        Meta(description="What runs backtests and sweeps: this machine's engines, or Ray."),
    ] = "local"
    ray_address: Annotated[
        str,
        Meta(description="The Ray cluster: host:port of its head, or auto for this machine's."),
    ] = "auto"
    strategies: Annotated[
        Path | None, Meta(description="A folder of users' strategies, one Python file each.")
    ] = None
    run_seconds_max: Annotated[
        int, Meta(ge=1, description="How many seconds a run may keep its engine busy.")
    ] = 3600
    run_memory_mib_max: Annotated[
        int, Meta(ge=16, description="How many MiB of memory a run may take (Linux).")
    ] = 4096
    queue_max: Annotated[
        int, Meta(ge=1, description="How many runs and optimizations may wait; above it: 503.")
    ] = 10_000
    queue_per_key_max: Annotated[
        int, Meta(ge=1, description="How many of one API key may wait; above it: 429.")
    ] = 1_000
    disk_free_mib_min: Annotated[
        int, Meta(ge=0, description="With fewer MiB free on the data folder's disk: not ready.")
    ] = 256
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least severe line to log."),
    ] = "info"
    log_format: Annotated[
        Literal["json", "text"], Meta(description="One JSON object a line, or text to read.")
    ] = "json"

    @property
    def log_path(self) -> Path:
        """The event log's file."""
        return self.data_dir / "log.db"

    @property
    def audit_key_path(self) -> Path:
        """The private key that signs checkpoints."""
        return self.data_dir / "audit-key.pem"

    @property
    def keys_path(self) -> Path:
        """The file of the API keys that have names."""
        return self.data_dir / "keys.json"

    @property
    def market_path(self) -> Path:
        """The folder of the Parquet catalog."""
        return self.data_dir / "market"

    @property
    def engine_arguments(self) -> list[str]:
        """What an engine process is told when it starts; see ``service.execution.worker``."""
        return [str(self.market_path.resolve()), self.missing_data, str(self.run_memory_mib_max)]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **overrides: Any) -> Self:
        """The settings that ``environ`` names; ``overrides`` (by field, ``None``: not given) win.

        A blank variable counts as unset. Raises :class:`SettingsError` for a wrong value and for
        a ``BACKTAPE_`` variable that is no setting.
        """
        _refuse_unknown(environ)
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(cls):
            override = overrides.pop(field.name, None)
            if override is not None:
                values[field.name] = _read(field, _flag(field.name), override)
                continue
            for name in (field.encode_name, _alias(field.encode_name)):
                text = environ.get(name, "").strip()
                if text:
                    values[field.name] = _read(field, name, text)
                    break
        return cls(**values, **overrides)

    def __repr__(self) -> str:
        shown = (
            f"{name}=({len(self.api_keys)} hidden)" if name == "api_keys" else f"{name}={value!r}"
            for name, value in msgspec.structs.asdict(self).items()
        )
        return f"Settings({', '.join(shown)})"


class Setting(NamedTuple):
    """A row of the settings table; ``default`` is ``None`` where it depends on the machine."""

    field: str
    variable: str
    default: str | None
    description: str


def settings_table() -> list[Setting]:
    """Every setting, in the order in which it is declared, for help texts and documentation."""
    hints = get_type_hints(Settings, include_extras=True)
    return [
        Setting(
            field.name,
            field.encode_name,
            None if field.default is msgspec.NODEFAULT else _as_text(field.default),
            hints[field.name].__metadata__[0].description,
        )
        for field in msgspec.structs.fields(Settings)
    ]


def _alias(variable: str) -> str:
    return ALIAS_PREFIX + variable.removeprefix(PREFIX)


def _flag(field: str) -> str:
    return "--" + field.replace("_", "-")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = [setting.variable.removeprefix(PREFIX) for setting in settings_table()]
    for name in sorted(environ):
        suffix = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and suffix not in known:
            near = difflib.get_close_matches(suffix, known, n=1)
            listed = ", ".join(PREFIX + other for other in near or known)
            hint = f"did you mean {listed}?" if near else f"known: {listed}"
            raise SettingsError(f"{name} is not a setting; {hint}")


def _read(field: msgspec.structs.FieldInfo, name: str, given: object) -> Any:
    """The value of ``field``, given as text or ready-made under ``name``."""
    kind = get_origin(field.type.__origin__) or field.type.__origin__
    value = given
    if isinstance(given, str) and kind is tuple:
        value = tuple(item.strip() for item in given.split(",") if item.strip())
    elif isinstance(given, str) and kind is Literal:
        value = given.lower()
    try:
        value = msgspec.convert(value, field.type, strict=False, dec_hook=_construct)
    except msgspec.ValidationError as error:
        sentence = explain(error, field.type).removesuffix(", got `str`")
        shown = "(hidden)" if field.name == "api_keys" else repr(given)
        raise SettingsError(f"{name} is {shown}: {sentence}") from None
    if field.name in _CHECKS:
        _CHECKS[field.name](name, value)
    return value


def _construct(kind: type, given: Any) -> Any:
    return kind(given)


def _check_keys(name: str, keys: tuple[str, ...]) -> None:
    if not keys:
        raise SettingsError(f"{name} holds no key; unset it to run without keys")
    if not all(key.isprintable() for key in keys):
        raise SettingsError(f"{name}: a key may not hold control characters")


def _check_origins(name: str, origins: tuple[str, ...]) -> None:
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{name}: {origin!r} is not an origin; write scheme://host or scheme://host:port, "
                "without a path or a final slash, or *"
            )


def _check_proxies(name: str, proxies: tuple[str, ...]) -> None:
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SettingsError(
                f"{name}: {error}; write addresses and networks such as 10.0.0.7 or 10.0.0.0/24"
            ) from None


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "api_keys": _check_keys,
    "cors_origins": _check_origins,
    "trusted_proxies": _check_proxies,
}

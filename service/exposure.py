"""What a service needs that others can reach: an API key, and a certificate."""

import ipaddress
import ssl
from pathlib import Path
from typing import NoReturn

from service.keys.key_file import read_keys
from service.settings import Settings, SettingsError, variable_of


def require_safe_binding(settings: Settings, insecure: bool) -> None:
    """Refuse to be open to the network without API keys.

    Raises :class:`SettingsError` where ``settings`` names a host that is not loopback and no key,
    and the data folder has none, unless ``insecure``.
    """
    if settings.api_keys or insecure or _is_loopback(settings.host):
        return
    if not read_keys(settings.keys_path):
        raise SettingsError(
            f"without an API key the service listens on loopback only, and {settings.host!r} is"
            f" not: set {variable_of('api_keys')}, or listen on 127.0.0.1, or say --insecure; or"
            " make a key with `backtape keys create`"
        )


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """The server's side of TLS 1.2 and 1.3, or ``None`` where no certificate is set.

    Raises :class:`SettingsError` where the certificate or its key cannot be used.
    """
    certificate, key = variable_of("tls_certificate"), variable_of("tls_key")
    if settings.tls_certificate is None:
        if settings.tls_key is not None:
            raise SettingsError(f"{key} is set and {certificate} is not: TLS needs both")
        return None
    _require_readable(certificate, settings.tls_certificate)
    if settings.tls_key is not None:
        _require_readable(key, settings.tls_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, _no_password)
    except ssl.SSLError as error:
        held = f"{certificate} and {key}" if settings.tls_key else certificate
        reason = error.reason or "no certificate and private key in PEM form"
        raise SettingsError(f"{held} cannot be used: {reason.lower().replace('_', ' ')}") from None
    return context


def _no_password() -> NoReturn:
    # OpenSSL would ask for it on the terminal, and wait.
    raise SettingsError(f"{variable_of('tls_key')}: the private key is encrypted; store it plain")


def _require_readable(name: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise SettingsError(f"{name} is {str(path)!r}: {error.strerror}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

"""Settings from the environment."""

from pathlib import Path

import msgspec
import pytest

from service.exposure import require_safe_binding
from service.keys.key_file import create_key, revoke_key
from service.settings import Settings, SettingsError, settings_table

DEFAULTS = {
    "BACKTAPE_DATA_DIR": "var",
    "BACKTAPE_HOST": "127.0.0.1",
    "BACKTAPE_PORT": "8000",
    "BACKTAPE_API_KEY": "",
    "BACKTAPE_CORS_ORIGINS": "",
    "BACKTAPE_RATE_LIMIT": "100",
    "BACKTAPE_RATE_WINDOW": "60",
    "BACKTAPE_MAX_BODY_BYTES": "1048576",
    "BACKTAPE_SOCKETS_MAX": "2000",
    "BACKTAPE_TRUSTED_PROXIES": "",
    "BACKTAPE_TLS_CERTIFICATE": "",
    "BACKTAPE_TLS_KEY": "",
    "BACKTAPE_TLS_AUTHORITY": "",
    "BACKTAPE_ENGINE_PROCESSES": None,
    "BACKTAPE_MISSING_DATA": "fail",
    "BACKTAPE_EXECUTOR": "local",
    "BACKTAPE_RAY_ADDRESS": "auto",
    "BACKTAPE_STRATEGIES": "",
    "BACKTAPE_RUN_SECONDS_MAX": "3600",
    "BACKTAPE_RUN_MEMORY_MIB_MAX": "4096",
    "BACKTAPE_QUEUE_MAX": "10000",
    "BACKTAPE_QUEUE_PER_KEY_MAX": "1000",
    "BACKTAPE_DISK_FREE_MIB_MIN": "256",
    "BACKTAPE_LOG_LEVEL": "info",
    "BACKTAPE_LOG_FORMAT": "json",
}


def test_the_table_lists_every_setting_with_its_default() -> None:
    table = settings_table()
    assert {setting.variable: setting.default for setting in table} == DEFAULTS
    assert [setting.field for setting in table] == list(Settings.__struct_fields__)
    assert all(setting.description.endswith(".") for setting in table)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({"PATH": "/bin", "GLOWBACK_OTHER": "not ours"})
    assert settings == Settings()
    assert settings.engine_processes >= 1
    assert (settings.log_path, settings.market_path) == (Path("var/log.db"), Path("var/market"))


@pytest.mark.parametrize("prefix", ["BACKTAPE_", "GLOWBACK_"])
def test_every_setting_is_read_under_both_prefixes(prefix: str) -> None:
    texts = {
        "DATA_DIR": "/data",
        "HOST": "::1",
        "PORT": "0",
        "API_KEY": " one, ,two ,",
        "CORS_ORIGINS": "http://a.example, https://b.example:8443",
        "RATE_LIMIT": "7",
        "RATE_WINDOW": "9",
        "MAX_BODY_BYTES": "11",
        "SOCKETS_MAX": "31",
        "TRUSTED_PROXIES": "10.0.0.7, 10.1.0.0/16, fd00::/8",
        "TLS_CERTIFICATE": "/tls/certificate.pem",
        "TLS_KEY": "/tls/key.pem",
        "TLS_AUTHORITY": "/tls/authority.pem",
        "ENGINE_PROCESSES": "3",
        "MISSING_DATA": "synthetic",
        "EXECUTOR": "ray",
        "RAY_ADDRESS": "10.0.0.1:6379",
        "STRATEGIES": "/strategies",
        "RUN_SECONDS_MAX": "13",
        "RUN_MEMORY_MIB_MAX": "17",
        "QUEUE_MAX": "19",
        "QUEUE_PER_KEY_MAX": "23",
        "DISK_FREE_MIB_MIN": "29",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
    }
    environ = {prefix + name: text for name, text in texts.items()}
    assert Settings.from_environment(environ) == Settings(
        data_dir=Path("/data"),
        host="::1",
        port=0,
        api_keys=("one", "two"),
        cors_origins=("http://a.example", "https://b.example:8443"),
        rate_limit=7,
        rate_window=9,
        max_body_bytes=11,
        sockets_max=31,
        trusted_proxies=("10.0.0.7", "10.1.0.0/16", "fd00::/8"),
        tls_certificate=Path("/tls/certificate.pem"),
        tls_key=Path("/tls/key.pem"),
        tls_authority=Path("/tls/authority.pem"),
        engine_processes=3,
        missing_data="synthetic",
        executor="ray",
        ray_address="10.0.0.1:6379",
        strategies=Path("/strategies"),
        run_seconds_max=13,
        run_memory_mib_max=17,
        queue_max=19,
        queue_per_key_max=23,
        disk_free_mib_min=29,
        log_level="warning",
        log_format="text",
    )


def test_our_own_prefix_wins_and_a_blank_counts_as_unset() -> None:
    environ = {"BACKTAPE_PORT": "1", "GLOWBACK_PORT": "2", "BACKTAPE_HOST": " "}
    settings = Settings.from_environment(environ | {"GLOWBACK_HOST": "::1"})
    assert (settings.port, settings.host) == (1, "::1")


def test_flags_win_over_the_environment_where_they_are_given() -> None:
    environ = {"BACKTAPE_PORT": "1", "BACKTAPE_DATA_DIR": "a"}
    settings = Settings.from_environment(environ, port=2, data_dir=None, log_level="debug")
    assert (settings.port, settings.data_dir, settings.log_level) == (2, Path("a"), "debug")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("BACKTAPE_PORT", "http", "BACKTAPE_PORT is 'http': expected `int`"),
        ("GLOWBACK_PORT", "65536", "GLOWBACK_PORT is '65536': expected `int` <= 65535"),
        ("BACKTAPE_RATE_LIMIT", "0", "BACKTAPE_RATE_LIMIT is '0': expected `int` >= 1"),
        ("BACKTAPE_RATE_LIMIT", "1.5", "BACKTAPE_RATE_LIMIT is '1.5': expected `int`"),
        (
            "BACKTAPE_LOG_FORMAT",
            "xml",
            "BACKTAPE_LOG_FORMAT is 'xml': invalid enum value 'xml'; allowed: json, text",
        ),
        ("BACKTAPE_POTR", "1", "BACKTAPE_POTR is not a setting; did you mean BACKTAPE_PORT?"),
        (
            "BACKTAPE_ZZZZZZZZ",
            "1",
            f"BACKTAPE_ZZZZZZZZ is not a setting; known: {', '.join(DEFAULTS)}",
        ),
        (
            "BACKTAPE_API_KEY",
            " , ",
            "BACKTAPE_API_KEY holds no key; unset it to run without keys",
        ),
        (
            "BACKTAPE_CORS_ORIGINS",
            "http://a.example/",
            "BACKTAPE_CORS_ORIGINS: 'http://a.example/' is not an origin; write scheme://host or "
            "scheme://host:port, without a path or a final slash, or *",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(
    name: str, text: str, message: str
) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: text})
    assert str(error.value) == message


def test_a_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(SettingsError, match=r"^--engine-processes is 0: expected `int` >= 1$"):
        Settings.from_environment({}, engine_processes=0)
    with pytest.raises(TypeError, match="prot"):
        Settings.from_environment({}, prot=1)


def test_keys_are_never_shown() -> None:
    settings = Settings(api_keys=("first-secret", "second-secret"))
    assert "secret" not in f"{settings} {settings!r}"
    assert "api_keys=(2 hidden)" in repr(settings)
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({"BACKTAPE_API_KEY": "good, bad\x07secret"})
    assert "secret" not in str(error.value)
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({}, api_keys=("secret", 7))
    assert "secret" not in str(error.value)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]  # the point of the test


def is_safe(settings: Settings, *, insecure: bool = False) -> bool:
    try:
        require_safe_binding(settings, insecure)
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_safe_without_keys(host: str) -> None:
    assert is_safe(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example"])
def test_the_network_is_not(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        require_safe_binding(Settings(host=host, data_dir=tmp_path), insecure=False)
    assert repr(host) in str(error.value)
    assert "BACKTAPE_API_KEY" in str(error.value)
    assert is_safe(Settings(host=host), insecure=True)
    assert is_safe(Settings(host=host, api_keys=("key",)))


def test_a_key_of_the_data_folder_guards_as_well(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", data_dir=tmp_path)
    assert not is_safe(settings)
    create_key(settings.keys_path, "ci", "run", None, 0)
    assert is_safe(settings)
    revoke_key(settings.keys_path, "ci", 0)
    assert is_safe(settings)  # it is closed to everybody


def test_every_field_has_its_bounds_in_the_table_only() -> None:
    """The declared types decode what the defaults are, so no default breaks its own bounds."""
    for field in msgspec.structs.fields(Settings):
        if field.default is not msgspec.NODEFAULT and field.name != "data_dir":
            assert msgspec.convert(field.default, field.type) == field.default

"""What is wrong with a certificate is told before anything is started."""

from pathlib import Path

import pytest

from service.exposure import tls_context
from service.settings import Settings, SettingsError
from tests.certificates import Certificates, certificates_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates_in(tmp_path_factory.mktemp("tls"))


def test_without_a_certificate_there_is_no_tls() -> None:
    assert tls_context(Settings()) is None


def test_certificate_and_key_may_be_in_one_file_or_in_two(
    made: Certificates, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(made.certificate.read_bytes() + made.key.read_bytes())
    assert tls_context(Settings(tls_certificate=both)) is not None
    assert tls_context(Settings(tls_certificate=made.certificate, tls_key=made.key)) is not None


def refusal_of(certificate: Path | None, key: Path | None) -> str:
    with pytest.raises(SettingsError) as refused:
        tls_context(Settings(tls_certificate=certificate, tls_key=key))
    return str(refused.value)


def test_a_key_alone_is_refused(made: Certificates) -> None:
    said = "BACKTAPE_TLS_KEY is set and BACKTAPE_TLS_CERTIFICATE is not: TLS needs both"
    assert refusal_of(None, made.key) == said


def test_a_file_that_is_not_there_is_named(made: Certificates, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    said = f"is '{missing}': No such file or directory"
    assert refusal_of(missing, None) == f"BACKTAPE_TLS_CERTIFICATE {said}"
    assert refusal_of(made.certificate, missing) == f"BACKTAPE_TLS_KEY {said}"


def test_a_key_of_another_certificate_is_refused(made: Certificates, tmp_path: Path) -> None:
    said = refusal_of(made.certificate, certificates_in(tmp_path).key)
    assert said.startswith("BACKTAPE_TLS_CERTIFICATE and BACKTAPE_TLS_KEY cannot be used: ")
    assert said.endswith("key values mismatch")


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nothing.pem"
    file.write_text("nothing")
    assert refusal_of(file, None).startswith("BACKTAPE_TLS_CERTIFICATE cannot be used: ")


def test_an_encrypted_key_is_refused_and_no_password_is_asked_for(tmp_path: Path) -> None:
    made = certificates_in(tmp_path, password=b"password")
    said = "BACKTAPE_TLS_KEY: the private key is encrypted; store it plain"
    assert refusal_of(made.certificate, made.key) == said

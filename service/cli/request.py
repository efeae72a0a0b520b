"""A backtest request from a JSON file and flags."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from service.client.errors import ClientError


def read_spec(spec: str | None) -> dict[str, Any]:
    """Read the request from a file, from standard input for ``-``; empty for ``None``."""
    if spec is None:
        return {}
    text = sys.stdin.buffer.read() if spec == "-" else Path(spec).read_bytes()
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientError(f"{spec} does not hold a JSON object: {error}") from error


def with_flags(
    request: dict[str, Any],
    flags: dict[str, Any],
    strategy: str | None,
    params: Iterable[str] | None,
    execution: Iterable[str] | None,
) -> dict[str, Any]:
    """Put what was given by flags over what the file says; ``None`` is not given."""
    merged = request | {name: value for name, value in flags.items() if value is not None}
    if strategy is not None:
        # Another strategy has other parameters: the file's do not carry over.
        merged["strategy"] = {"name": strategy}
    if params:
        spec = _part(merged, "strategy")
        given = _part(spec, "params") | assignments("--param", params)
        merged["strategy"] = spec | {"params": given}
    if execution:
        given = _part(merged, "execution") | assignments("--execution", execution)
        merged["execution"] = given
    return merged


def _part(request: dict[str, Any], name: str) -> dict[str, Any]:
    part = request.get(name, {})
    if not isinstance(part, dict):
        raise ClientError(f"the request's {name} is no JSON object, flags cannot add to it")
    return part


def assignments(flag: str, texts: Iterable[str]) -> dict[str, Any]:
    """Read NAME=VALUE texts, values as JSON or else as they stand. Raises ``ClientError``."""
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise ClientError(f"{flag} {text!r} is not of the form name=value")
        try:
            given[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            given[name] = value
    return given

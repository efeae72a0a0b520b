"""What the processes that run users' code are told of the service's environment."""

import os

_SECRETS = {"BACKTAPE_API_KEY", "GLOWBACK_API_KEY"}


def without_keys() -> dict[str, str]:
    """The environment without the API keys, which are nothing to a strategy."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}

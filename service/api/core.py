"""How an endpoint reaches the parts of the service."""

from starlette.requests import HTTPConnection

from service.core import Core


def core_of(connection: HTTPConnection) -> Core:
    """The core that the app's lifespan opened."""
    core: Core = connection.scope["state"]["core"]  # ``state`` would be wrapped for each look
    return core

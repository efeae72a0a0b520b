"""The app around routes and layers."""

from starlette.applications import Starlette
from starlette.types import ASGIApp


class Application(Starlette):
    """Starlette with no layers but those that it is given.

    Its own two make responses of exceptions, which is what ``Failures`` is for: it is to be among
    ``middleware``.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """The router within the layers, the first of them outermost."""
        app: ASGIApp = self.router
        for layer, arguments, named in reversed(self.user_middleware):
            app = layer(app, *arguments, **named)
        return app

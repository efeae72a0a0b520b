"""The app around routes and layers."""

import re
from collections.abc import Awaitable
from typing import TypeGuard

from starlette.applications import Starlette
from starlette.convertors import StringConvertor
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

_PARAMETER = re.compile(r"{(\w+)}")
_BLANK = "{}"


class Application(Starlette):
    """Starlette with no layers but those that it is given.

    Its own two make responses of exceptions, which is what ``Failures`` is for: it is to be among
    ``middleware``.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """The router within the layers, the first of them outermost."""
        app: ASGIApp = Index(self.router)
        for layer, arguments, named in reversed(self.user_middleware):
            app = layer(app, *arguments, **named)
        return app


class Index:
    """Looks the route of a request up, where Starlette tries one after the other.

    It knows the routes whose path has at most one parameter, of any text. All else, and all that is
    no request for one of them, is left to ``router``, and means what it means there.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        known = [route for route in router.routes if _is_simple(route)]
        self._fixed = {route.path: route for route in known if not route.param_convertors}
        self._by_pattern = {
            _PARAMETER.sub(_BLANK, route.path): (route, next(iter(route.param_convertors)))
            for route in known
            if route.param_convertors
        }
        patterns = [pattern.split("/") for pattern in self._by_pattern]
        self._places = sorted({parts.index(_BLANK) for parts in patterns})

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request of a route that is known, or leave it to the router."""
        if scope["type"] == "http" and not scope.get("root_path"):
            path = scope["path"]
            fixed = self._fixed.get(path)
            route, parameters = (fixed, {}) if fixed else self._with_parameter(path)
            if route is not None and route.methods and scope["method"] in route.methods:
                scope["path_params"] = parameters
                return route.app(scope, receive, send)
        return self._router(scope, receive, send)

    def _with_parameter(self, path: str) -> tuple[Route | None, dict[str, str]]:
        parts = path.split("/")
        for place in self._places:
            if place < len(parts) and parts[place]:
                value, parts[place] = parts[place], _BLANK
                found = self._by_pattern.get("/".join(parts))
                if found is not None:
                    route, name = found
                    return route, {name: value}
                parts[place] = value
        return None, {}


def _is_simple(route: BaseRoute) -> TypeGuard[Route]:
    return (
        isinstance(route, Route)
        and len(route.param_convertors) <= 1
        and all(isinstance(each, StringConvertor) for each in route.param_convertors.values())
    )

"""Whether the key of a request is good for what the request is about to do."""

from starlette.types import Scope

from service.http.context import context_of
from service.http.errors import ForbiddenError
from service.keys.scopes import KeyScope, includes


def require_scope(scope: Scope, needed: KeyScope) -> None:
    """Raise 403 where the request's key is not good for what needs the scope ``needed``."""
    context = context_of(scope)
    if context.scope is None or not includes(context.scope, needed):
        raise ForbiddenError(
            f"this needs an API key of the scope {needed}, and {context.key or 'nobody'!r} is of"
            f" the scope {context.scope or 'none'}"
        )

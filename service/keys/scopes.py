"""What an API key is good for."""

from typing import Literal, TypeAlias

KeyScope: TypeAlias = Literal["read", "run", "admin"]

SCOPES: tuple[KeyScope, ...] = ("read", "run", "admin")
"""Each includes those before it: ``run`` is to create and to cancel, ``admin`` to rebuild."""


def includes(scope: KeyScope, needed: KeyScope) -> bool:
    """Whether a key of this scope may do what needs the other."""
    return SCOPES.index(scope) >= SCOPES.index(needed)

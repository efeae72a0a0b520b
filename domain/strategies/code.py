"""A user's strategy as its source text: what a run is made of, and what the log keeps of it."""

import linecache
import sys
import traceback
from hashlib import sha256
from types import ModuleType
from typing import Any

import msgspec

from domain.errors import DomainError
from domain.strategies.kinds import BASES, Strategy, is_strategy


class UnusableCode(DomainError):
    """A user's source gives no strategy; the message says why, with the line where there is one."""


class Code(msgspec.Struct, frozen=True):
    """One source file of Python that defines a strategy.

    ``target``: the module and, after a colon, the class, as an entry point names them
    (``my_package.trend:Follow``); without a class it is the only strategy in the file. ``package``:
    what a relative import is relative to, empty for a file that stands alone.
    """

    target: str
    package: str
    source: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the source's bytes, hexadecimal."""
        return sha256(self.source).hexdigest()

    def load(self) -> type[Strategy]:
        """Execute the source as a fresh module and give its strategy.

        Whatever the code keeps in its module is gone at the next ``load``, so that no run sees what
        another has left. Raises ``UnusableCode``.
        """
        module = ModuleType(f"strategy_{self.sha256[:16]}")
        module.__package__ = self.package
        # Annotations are resolved in the module that their class names.
        sys.modules[module.__name__] = module
        lines = self.source.decode(errors="replace").splitlines(keepends=True)
        linecache.cache[self._filename] = (len(self.source), None, lines, self._filename)
        try:
            exec(compile(self.source, self._filename, "exec"), module.__dict__)
        except BaseException as error:
            raise UnusableCode(f"cannot be loaded: {self._told(error)}") from error
        _, _, name = self.target.partition(":")
        return self._named(module, name) if name else self._only(module)

    @property
    def _filename(self) -> str:
        return f"<{self.target}>"

    def _named(self, module: ModuleType, name: str) -> type[Strategy]:
        found: Any = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if not is_strategy(found):
            raise UnusableCode(f"({self.target}) is not a subclass of {BASES}")
        return found

    def _only(self, module: ModuleType) -> type[Strategy]:
        found = [
            value
            for value in vars(module).values()
            if is_strategy(value) and value.__module__ == module.__name__
        ]
        if len(found) == 1:
            return found[0]
        names = ", ".join(strategy.__name__ for strategy in found) or "none"
        raise UnusableCode(
            f"must define one strategy, a subclass of {BASES} with all the methods that"
            f" this asks for; found: {names}"
        )

    def _told(self, error: BaseException) -> str:
        kind = type(error).__name__
        if isinstance(error, SyntaxError):
            return f"{kind}: {error.msg}" + (f" (line {error.lineno})" if error.lineno else "")
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == self._filename
        ]
        message = ": ".join(filter(None, [kind, str(error)]))
        return message + (f" (line {lines[-1]})" if lines else "")

"""The beginning of a user's own strategy."""

import inspect
import keyword
import re
from pathlib import Path
from typing import Literal

from domain.errors import InvalidRequest
from domain.strategies.registry import BUILT_IN
from service.strategies.templates import event, signal

_NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_TEMPLATES = {"signal": signal, "event": event}


def begin(name: str, kind: Literal["signal", "event"], folder: Path) -> Path:
    """Write ``name``.py into a folder, which is made if need be, and give its path.

    Raises ``InvalidRequest`` for a name that cannot be used, ``FileExistsError`` where it is taken.
    """
    if not _NAME.fullmatch(name):
        right = (
            "right would be a lower case letter, then such letters, digits, underscores: my_trend"
        )
        raise InvalidRequest("name", f"{name!r} is no name of a strategy; {right}")
    if name in BUILT_IN:
        raise InvalidRequest("name", f"{name} is the name of a built-in strategy")
    title = "".join(part.capitalize() for part in name.split("_"))
    if keyword.iskeyword(title):
        raise InvalidRequest("name", f"{name} would be a class {title}, a word of Python's own")
    text = inspect.getsource(_TEMPLATES[kind]).replace("Template", title)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path

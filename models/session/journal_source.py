"""What was opened from a file of weights, as Python: the first lines of a session's file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..opened.open_model import OpenModel

_TRUSTED = """\
import sys

sys.path[:0] = ["", {folder!r}]
{names} = torch.load({file!r}, map_location="cpu", weights_only=False)  # which runs what is in it"""
_ITS_ONLY = """
net = checkpoint[{at}]"""


def opened_code(model: OpenModel, namespace: Mapping[str, Any], folder: str) -> Callable[[], str]:
    """Return what says in Python how the `state` of a checkpoint is made, or the `net` of a file that was trusted.

    That is empty where what is open comes from code, and where we know no Python for it.  It holds no network alive.

    Args:
        namespace: the console's names, as they were when it was opened.
        folder: what a relative path is relative to.
    """
    source = model.source
    if source.checkpoint is not None:
        return partial(_reading, _absolute(folder, source.source))
    value = namespace.get("checkpoint")
    if not source.file or source.module is None or value is None:
        return str
    is_net = value is source.module or value is source.own  # a dict of networks is `net` as it is
    listed = value if isinstance(value, (list, tuple)) and not is_net else []
    at = next((at for at, each in enumerate(listed) if each is source.module), None)
    if not is_net and at is None:
        return str
    path = _absolute(folder, source.file)
    names = "net = checkpoint" if is_net else "checkpoint"
    made = _TRUSTED.format(folder=str(Path(path).parent), file=path, names=names)
    return (made if at is None else made + _ITS_ONLY.format(at=at)).__str__


def _reading(path: str) -> str:
    from ..fit.code import reading_code

    return "\n".join(reading_code(path, "state"))


def _absolute(folder: str, path: str) -> str:
    return str(Path(folder, Path(path).expanduser()).absolute())

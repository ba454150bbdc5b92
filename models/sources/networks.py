"""What can be opened as a network: a module, a dict or list of them, and what builds one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from ..opened.source import SourceError
from .importing import user_code

if TYPE_CHECKING:
    from torch import nn

WHAT_WORKS = (
    "NAME must be an nn.Module, a class that builds one without arguments, a function that returns one, or a dict or "
    "list of them."
)


@dataclass(slots=True)
class Network:
    """A network, and what else there is to say of it."""

    module: nn.Module
    own: object = None
    """The dict or list that `module` stands for."""
    warnings: list[str] = field(default_factory=list)


def as_network(value: object, what: str) -> Network:
    """`value` as a network: the very object, nothing is copied.

    Raises:
        SourceError: it is none, and holds none.
    """
    from torch import Tensor, nn

    from ..live.own_container import OwnContainer, holds_any

    if isinstance(value, nn.Module):
        return Network(value)
    if not isinstance(value, (Mapping, list, tuple)):
        raise SourceError(f"{what} is {a(value)}, not a network", WHAT_WORKS)
    parts = list(value.values() if isinstance(value, Mapping) else value)
    rest = [part for part in parts if not _is_shown(part)]
    modules = [part for part in parts if isinstance(part, nn.Module)]
    told = [f"{what} also holds {_list_of([a(part) for part in rest])}: not shown"] if rest else []
    if len(modules) == 1 and len(rest) == len(parts) - 1 and rest and not isinstance(value, Mapping):
        return Network(modules[0], warnings=told)
    if not holds_any(value):
        raise SourceError(f"{what} is {a(value)} that holds no module", WHAT_WORKS)
    if not any(isinstance(part, nn.Module) for part in parts) and all(isinstance(part, Tensor) for part in parts):
        told.append(f"{what} is {a(value)} of tensors: values are there, but nothing to run")
    return Network(OwnContainer.of(value), own=value, warnings=told)


def built(target: object, what: str) -> Network:
    """The network that `target` is or builds.

    Raises:
        SourceError: it is none and builds none; it cannot be called without arguments; or what the call raised.
    """
    from torch import nn

    if isinstance(target, (nn.Module, Mapping, list, tuple)):
        return as_network(target, what)
    if isinstance(target, type) and not issubclass(target, nn.Module):
        raise SourceError(f"{what} is a class, but not of torch.nn.Module", WHAT_WORKS)
    if not callable(target):
        raise SourceError(f"{what} is {a(target)}, not a network", WHAT_WORKS)
    _check_callable(target, what)
    needed = _needed(target)
    arguments: tuple[object, ...] = ()
    warnings: list[str] = []
    config = getattr(target, "config_class", None) if isinstance(target, type) else None
    if len(needed) == 1 and isinstance(config, type) and not _needed(config):
        with user_code(f"{what}, {config.__name__}"):
            arguments = (config(),)
        warnings = [f"built with the default {config.__name__}(): its weights are random"]
    elif needed:
        raise _needs(what, needed)
    with user_code(what):
        made = target(*arguments)
    if inspect.iscoroutine(made) or inspect.isgenerator(made):
        made.close()
        raise SourceError(f"{what}() returned {a(made)}, not a network", WHAT_WORKS)
    if not isinstance(made, (nn.Module, Mapping, list, tuple)):
        raise SourceError(f"{what}() returned {a(made)}, not a network", WHAT_WORKS)
    found = as_network(made, f"{what}()")
    found.warnings += warnings
    return found


def _check_callable(target: object, what: str) -> None:
    called = getattr(target, "func", target)  # of functools.partial
    for is_one, kind in (
        (inspect.iscoroutinefunction, "an async function"),
        (inspect.isasyncgenfunction, "an async generator"),
        (inspect.isgeneratorfunction, "a generator"),
    ):
        if is_one(called):
            raise SourceError(f"{what} is {kind}, which returns no network when it is called", WHAT_WORKS)


def _needs(what: str, needed: list[str]) -> SourceError:
    called = what.rpartition(":")[2]
    return SourceError(
        f"{what} needs arguments: {', '.join(needed)}",
        "Name a function without arguments instead, such as\n"
        f"def build():\n    return {called}({', '.join(f'{each}=...' for each in needed)})",
    )


def _needed(target: object) -> list[str]:
    """Parameters without which `target` cannot be called; none where Python cannot tell."""
    if not callable(target):
        return []
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in optional]


def _is_shown(part: object) -> bool:
    from torch import Tensor, nn

    from ..live.own_container import holds_any

    return isinstance(part, (nn.Module, Tensor)) or (isinstance(part, (Mapping, list, tuple)) and holds_any(part))


def _list_of(names: list[str]) -> str:
    shown = list(dict.fromkeys(names))
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more kinds" if len(shown) > 4 else "")


def a(value: object) -> str:
    """The kind of a value, with its article: `a dict`, `an int`, `None`."""
    if value is None:
        return "None"
    if isinstance(value, ModuleType):
        return "a Python module"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"

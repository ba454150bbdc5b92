"""What can be opened as a network: a module, a dict or list of them, and what builds one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from ..opened.source import SourceError
from .call_arguments import CallArguments, check_takes
from .importing import user_code
from .wording import shortened

if TYPE_CHECKING:
    from torch import nn

    from ..live.training_notes import TrainingNotes

WHAT_WORKS = (
    "NAME must be an nn.Module, a class that builds one or a function that returns one, without arguments or with "
    "literals in parentheses, or a dict or list of them."
)


@dataclass(slots=True)
class Network:
    """A network, what it was made from, and warnings about it."""

    module: nn.Module
    own: object = None
    """The dict or list that `module` stands for; None where it is the network itself."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for the user: what is not shown, what was built with defaults."""
    training: TrainingNotes | None = None
    """What was seen of training while it was built; None where nothing of the user's ran."""


def as_network(value: object, what: str) -> Network:
    """Return `value` as a network: the very object, nothing is copied.  `what` names it in messages.

    Raises:
        SourceError: it is none, and holds none.
    """
    from torch import Tensor, nn

    from ..live.own_container import OwnContainer, holds_any

    if isinstance(value, nn.Module):
        return Network(value)
    if not isinstance(value, (Mapping, list, tuple)):
        held = held_networks(value)
        if not held:
            raise SourceError(f"{what} is {a(value)}, not a network", WHAT_WORKS)
        found = as_network(held if len(held) > 1 else next(iter(held.values())), what)
        found.warnings.append(f"{what} is {a(value)}: shown is what it holds, {_list_of(list(held))}")
        return found
    parts = list(value.values() if isinstance(value, Mapping) else value)
    rest = [part for part in parts if not _is_shown(part)]
    modules = [part for part in parts if isinstance(part, nn.Module)]
    warnings = [f"{what} also holds {_list_of([a(part) for part in rest])}: not shown"] if rest else []
    if len(modules) == 1 and len(rest) == len(parts) - 1 and rest and not isinstance(value, Mapping):
        return Network(modules[0], warnings=warnings)
    if not holds_any(value):
        raise SourceError(f"{what} is {a(value)} that holds no module", WHAT_WORKS)
    if not any(isinstance(part, nn.Module) for part in parts) and all(isinstance(part, Tensor) for part in parts):
        warnings.append(f"{what} is {a(value)} of tensors: values are there, but nothing to run")
    return Network(OwnContainer.of(value), own=value, warnings=warnings)


def held_networks(value: object) -> dict[str, nn.Module]:
    """Return the modules among an object's own attributes, by name, each once; empty for a module, class or function.

    Such are a pipeline of diffusers or transformers, a trainer.  No property of theirs is run.
    """
    from torch import nn

    if isinstance(value, (type, ModuleType, nn.Module)) or inspect.isroutine(value):
        return {}
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    found: dict[str, nn.Module] = {}
    for name, each in list(attributes.items()) if isinstance(attributes, dict) else []:
        if isinstance(name, str) and isinstance(each, nn.Module) and not any(each is other for other in found.values()):
            found[name] = each
    return found


def built(target: object, what: str, call: CallArguments | None = None) -> Network:
    """Return the network that `target` is or builds, called as `call` says.  `what` names it in messages.

    Raises:
        SourceError: it is none and builds none; it cannot be called without arguments, or with these; or what the call
            raised.
    """
    from torch import nn

    if call is not None and (isinstance(target, (nn.Module, Mapping, list, tuple)) or held_networks(target)):
        raise SourceError(
            f"{what} is {a(target)} that is built already, and takes no arguments",
            f"Write {what} without {shortened(call.text)}, or name the class or function that builds it.",
        )
    if isinstance(target, (nn.Module, Mapping, list, tuple)) or held_networks(target):
        return as_network(target, what)
    if isinstance(target, type) and not issubclass(target, nn.Module):
        raise SourceError(f"{what} is a class, but not of torch.nn.Module", WHAT_WORKS)
    if not callable(target):
        raise SourceError(f"{what} is {a(target)}, not a network", WHAT_WORKS)
    _check_callable(target, what)
    if call is not None:
        check_takes(target, call, what)
        return _made(lambda: target(*call.args, **call.kwargs), what, [])
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
    return _made(lambda: target(*arguments), what, warnings)


def _made(make: Callable[[], object], what: str, warnings: list[str]) -> Network:
    """Return the network that `make` returns, with `warnings`."""
    from torch import nn

    from ..live.training_notes import TrainingNotes, noting_training

    notes = TrainingNotes()
    with user_code(what), noting_training(notes):
        made = make()
    if inspect.iscoroutine(made) or inspect.isgenerator(made):
        made.close()
        raise SourceError(f"{what}() returned {a(made)}, not a network", WHAT_WORKS)
    if not isinstance(made, (nn.Module, Mapping, list, tuple)) and not held_networks(made):
        raise SourceError(f"{what}() returned {a(made)}, not a network", WHAT_WORKS)
    found = as_network(made, f"{what}()")
    found.warnings += warnings
    found.training = notes
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
    given = ", ".join(f"{each}=…" for each in needed)
    return SourceError(
        f"{what} needs arguments: {', '.join(needed)}",
        f"Literals can be written there: '{what}({given})', in quotes for the shell. Or name a function without "
        "arguments, such as\n"
        f"def build():\n    return {called}({', '.join(f'{each}=...' for each in needed)})",
    )


def _needed(target: object) -> list[str]:
    """Return the parameters without which `target` cannot be called; none where Python does not say."""
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
    """Return the kind of a value with its article: `a dict`, `an int`, `None`."""
    if value is None:
        return "None"
    if isinstance(value, ModuleType):
        return "a Python module"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"

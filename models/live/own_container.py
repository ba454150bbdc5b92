"""A dict, list or tuple of the user's as the root of a tree: its modules and tensors under its own keys.

Not torch's ModuleDict or ModuleList, which refuse keys with dots and keys that are no strings, and would copy the
modules once: this one reads the user's object each time, so that later additions show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

import torch
from torch import nn

from .registered import training_of

DEPTH_LIMIT = 8
"""Depth of containers within containers that are read."""
KEY_LENGTH_LIMIT = 200
"""Characters up to which an integer key is used as a name."""


class _Entry(NamedTuple):
    """A value of a container, under the name at which the tree shows it."""

    name: str
    value: object
    write: Callable[[str], str]
    """Return the Python expression for the value, given the one for the container."""


class OwnContainer(nn.Module):
    """A container of the user's in the form of a module.  It has no state of its own and is never run.

    Args:
        own: a mapping, list or tuple.
        above: the containers that it lies in, the outermost first.
    """

    __slots__ = ("_above", "_inner", "own")
    own: object
    """The user's container."""
    _above: tuple[object, ...]
    _inner: dict[int, OwnContainer]

    def __init__(self, own: object, above: tuple[object, ...] = ()) -> None:
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "_above", (*above, own))
        object.__setattr__(self, "_inner", {})
        super().__init__()

    @staticmethod
    def of(own: object) -> OwnContainer:
        """Return the module form of a container, of a class named as the container's: `dict`, `list`."""
        return _named(own, ())

    def forward(self) -> None:
        """Raise TypeError with a text that says what to call instead."""
        raise TypeError(
            f"A {type(self).__name__} has no forward of its own: call one of its modules in the console, "
            f"such as {self.python_for('net', next(iter(self._modules), '...'))}(X)"
        )

    def python_for(self, text: str, name: str) -> str:
        """Return the Python expression for the value shown as `name`, where `text` is that for the container."""
        return next((entry.write(text) for entry in _entries(self.own) if entry.name == name), f"{text}[{name!r}]")

    def held(self) -> Iterator[_Entry]:
        """Yield its values; inner containers with modules or tensors in module form too, the same object each time."""
        for entry in _entries(self.own):
            if isinstance(entry.value, (Mapping, list, tuple)) and holds_any(entry.value, self._above):
                key = id(entry.value)
                if key not in self._inner:
                    self._inner[key] = _named(entry.value, self._above)
                yield entry._replace(value=self._inner[key])
            else:
                yield entry


# Set here and not in the class, whose annotations of nn.Module they would contradict.
def _registry(wanted: Callable[[object], bool]) -> property:
    def get(self: OwnContainer) -> dict[str, object]:
        return {entry.name: entry.value for entry in self.held() if wanted(entry.value)}

    return property(get, lambda self, value: None)


def _training(self: OwnContainer) -> bool:
    return all(training_of(module) is not False for module in self._modules.values() if module is not None)


for _name, _property in (
    ("_modules", _registry(lambda value: isinstance(value, nn.Module))),
    ("_parameters", _registry(lambda value: isinstance(value, nn.Parameter))),
    ("_buffers", _registry(lambda value: isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter))),
    ("training", property(_training, lambda self, value: None)),
):
    setattr(OwnContainer, _name, _property)


def _named(own: object, above: tuple[object, ...]) -> OwnContainer:
    made: OwnContainer = type(type(own).__name__, (OwnContainer,), {"__slots__": ()})(own, above)
    return made


def holds_any(own: object, above: tuple[object, ...] = ()) -> bool:
    """Return whether a container holds modules or tensors, itself or in containers within it.

    `above` are the containers that it lies in.
    """
    if len(above) >= DEPTH_LIMIT or any(own is each for each in above):
        return False
    for entry in _entries(own):
        if isinstance(entry.value, (nn.Module, torch.Tensor)):
            return True
        if isinstance(entry.value, (Mapping, list, tuple)) and holds_any(entry.value, (*above, own)):
            return True
    return False


def _entries(own: object) -> Iterator[_Entry]:
    """Yield the values of a container under unique names: a string key, another key as Python writes it, else `#3`."""
    used: set[str] = set()
    pairs: list[tuple[object, object]] = []
    if isinstance(own, Mapping):
        pairs = list(own.items())
    elif isinstance(own, (list, tuple)):
        pairs = list(enumerate(own))
    for position, (key, value) in enumerate(pairs):
        name, write = _key(key, position)
        while name in used:
            name += "'"
        used.add(name)
        yield _Entry(name, value, write)


def _key(key: object, position: int) -> tuple[str, Callable[[str], str]]:
    if type(key) is str:
        return key, lambda text: f"{text}[{key!r}]"
    if type(key) in (int, bool, type(None)) and len(repr(key)) <= KEY_LENGTH_LIMIT:
        return repr(key), lambda text: f"{text}[{key!r}]"
    name = key.name if isinstance(key, Enum) else repr(key) if type(key) is float else f"#{position}"
    return name, lambda text: f"list({text}.values())[{position}]"

"""A dict, list or tuple of the user's as the root of a tree: their own modules and tensors, under their own keys.

Not torch's ModuleDict or ModuleList, which refuse keys with dots and keys that are no text, and would take the modules
in at one moment: this one looks into the user's object whenever it is asked, so what they put in shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

import torch
from torch import nn

from .registered import training_of

DEEPEST = 8
"""Containers within containers that are looked into."""
LONGEST = 200
"""Characters of a number that serves as a key."""


class _Entry(NamedTuple):
    name: str
    value: object
    write: Callable[[str], str]
    """How Python writes it, given how the container is written."""


class OwnContainer(nn.Module):
    """A container of the user's as torch sees modules.  It has no state of its own and is never run.

    Args:
        own: a mapping, list or tuple.
        above: the containers that it lies in.
    """

    __slots__ = ("_above", "_inner", "own")
    own: object
    _above: tuple[object, ...]
    _inner: dict[int, OwnContainer]

    def __init__(self, own: object, above: tuple[object, ...] = ()) -> None:
        object.__setattr__(self, "own", own)
        object.__setattr__(self, "_above", (*above, own))
        object.__setattr__(self, "_inner", {})
        super().__init__()

    @staticmethod
    def of(own: object) -> OwnContainer:
        """A container whose class is called as theirs: `dict`, `list`."""
        return _named(own, ())

    def forward(self) -> None:
        """Never of use: says what to do instead."""
        raise TypeError(
            f"A {type(self).__name__} has no forward of its own: call one of its modules in the console, "
            f"such as {self.written('net', next(iter(self._modules), '...'))}(X)"
        )

    def written(self, text: str, name: str) -> str:
        """Python for the entry shown as `name`, where `text` is Python for the container."""
        return next((entry.write(text) for entry in _entries(self.own) if entry.name == name), f"{text}[{name!r}]")

    def held(self) -> Iterator[_Entry]:
        """What it holds; containers with modules or tensors as such containers too, the same ones each time."""
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
    """Whether a container holds modules or tensors, itself or in containers within it."""
    if len(above) >= DEEPEST or any(own is each for each in above):
        return False
    for entry in _entries(own):
        if isinstance(entry.value, (nn.Module, torch.Tensor)):
            return True
        if isinstance(entry.value, (Mapping, list, tuple)) and holds_any(entry.value, (*above, own)):
            return True
    return False


def _entries(own: object) -> Iterator[_Entry]:
    """What a container holds, each under a name of its own: a text, a number as Python writes it, else its place."""
    taken: set[str] = set()
    pairs: list[tuple[object, object]] = []
    if isinstance(own, Mapping):
        pairs = list(own.items())
    elif isinstance(own, (list, tuple)):
        pairs = list(enumerate(own))
    for position, (key, value) in enumerate(pairs):
        name, write = _key(key, position)
        while name in taken:
            name += "'"
        taken.add(name)
        yield _Entry(name, value, write)


def _key(key: object, position: int) -> tuple[str, Callable[[str], str]]:
    if type(key) is str:
        return key, lambda text: f"{text}[{key!r}]"
    if type(key) in (int, bool, type(None)) and len(repr(key)) <= LONGEST:
        return repr(key), lambda text: f"{text}[{key!r}]"
    name = key.name if isinstance(key, Enum) else repr(key) if type(key) is float else f"#{position}"
    return name, lambda text: f"list({text}.values())[{position}]"

"""Optimizers that the console's names lead to: by themselves, in a list, as an attribute of a trainer or network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.optim import Optimizer

LIMIT = 1000
"""Attributes of one object, and items of one list, that are looked at."""


def known_optimizers(network: object, names: Mapping[str, object]) -> list[Optimizer]:
    """Return the optimizers of a network itself, among the console's names, and one step from these, each once."""
    from torch import nn
    from torch.optim import Optimizer

    found: dict[int, Optimizer] = {}
    holders: list[object] = [network, *list(names.values())]
    for holder in holders:
        for value in (holder, *_items(holder), *_attributes(holder, nn.Module)):
            for each in (value, *_items(value)):
                if issubclass(type(each), Optimizer):  # asked so, nothing of the user's runs
                    found.setdefault(id(each), each)  # type: ignore[arg-type]
    return list(found.values())


def _items(value: object) -> Iterable[object]:
    if type(value) in (list, tuple, set):
        return islice(list(value), LIMIT)  # type: ignore[call-overload]
    return islice(list(value.values()), LIMIT) if type(value) is dict else ()


def _attributes(holder: object, network: type) -> Iterator[object]:
    """Yield what an object of the user's own holds; nothing is called for that."""
    if issubclass(type(holder), (type, ModuleType, FunctionType)):
        return
    package = str(type(holder).__module__).partition(".")[0]
    own = package not in ("builtins", "torch", "numpy") or issubclass(type(holder), network)
    try:
        names = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        return
    if own and isinstance(names, Mapping):
        yield from islice(list(names.values()), LIMIT)

"""Fake tensors in the place of a network's own, for the time of one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._pytree import tree_map_only

_REGISTRIES = ("_parameters", "_buffers")


class Faking:
    """Makes fake tensors: of the same tensor always the same one.

    Args:
        mode: which they belong to.
    """

    def __init__(self, mode: FakeTensorMode) -> None:
        self._mode = mode
        self._of_meta: dict[int, Tensor] = {}

    def __call__(self, tensor: Tensor) -> Tensor:
        """Return the fake of `tensor`: itself if it is one; one on the processor for a tensor on the meta device."""
        if tensor.device.type == "meta" and type(tensor) in (Tensor, nn.Parameter, FakeTensor):
            if id(tensor) not in self._of_meta:
                self._of_meta[id(tensor)] = self._on_processor(tensor)
            return self._of_meta[id(tensor)]
        return tensor if isinstance(tensor, FakeTensor) else self._mode.from_tensor(tensor)

    def _on_processor(self, tensor: Tensor) -> Tensor:
        with self._mode:
            made = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="cpu")
            if isinstance(tensor, nn.Parameter):
                return nn.Parameter(made, tensor.requires_grad)
            return made.requires_grad_(tensor.requires_grad)


def hold_fakes(module: nn.Module, fakes: Faking) -> None:
    """Put fake tensors in the place of parameters, buffers and tensors in plain attributes, lists among them."""
    for registry in _registries(module):
        registry.update({name: fakes(tensor) for name, tensor in registry.items() if isinstance(tensor, Tensor)})
    held = vars(module)
    for name, value in list(held.items()):
        if name not in _REGISTRIES and (isinstance(value, Tensor) or _has_tensor(value)):
            held[name] = tree_map_only(Tensor, fakes, value)


@contextmanager
def as_it_was(modules: list[nn.Module]) -> Iterator[None]:
    """Take back what is set on the modules within, a running count or a cache: it holds fake tensors."""
    kept = [(each, dict(vars(each)), [(found, dict(found)) for found in _registries(each)]) for each in modules]
    try:
        yield
    finally:
        for module, attributes, registries in kept:
            held = vars(module)
            for name in [name for name in held if name not in attributes]:
                del held[name]
            held.update(attributes)
            for registry, entries in registries:
                registry.clear()
                registry.update(entries)


def _registries(module: nn.Module) -> Iterator[dict[str, Any]]:
    for name in _REGISTRIES:
        found = vars(module).get(name)
        if isinstance(found, dict):
            yield found


def _has_tensor(value: Any) -> bool:
    parts = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    return any(isinstance(part, Tensor) for part in parts)

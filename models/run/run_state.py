"""What a forward starts from, to run it again from there: random numbers, buffers, attributes of modules, its inputs.

Parameters are not copied: a forward changes none, and where somebody did since, the run would not be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree
from ..sources.wording import size_text
from ..tensors.plainly import plain, plainly
from ..tensors.tensors import is_uninitialised, size_in_bytes
from ..undo.bits import BitsUnreadable, bits, same_bits
from ..undo.random_numbers import random_state, set_random_state
from .trace.flow import version_of
from .trace.shapes import arguments_in

LIMIT = 256 * 2**20
"""Bytes of all copies."""
LONGEST = 10_000
"""Items of a list, dict or set of a module, beyond which it is taken for data that no forward changes."""
_REGISTRIES = ("_parameters", "_buffers", "_modules")
_CONTAINERS = (list, dict, set)
"""Whose contents are put back too; exactly these, since a subclass may do anything."""


class RunState:
    """The state of a network and of random numbers at one moment.

    Not in it: what code keeps outside of modules, files, clocks, generators of NumPy's own.  A run from the same state
    that goes another way shows that.

    Args:
        tree: the network's.
        args, kwargs: what it is called with.
    """

    @plainly
    def __init__(self, tree: LiveTree, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.obstacle = ""
        """Why a run from here could not be repeated; empty where it can."""
        self._versions: list[tuple[Tensor, int]] = []
        self._copies: list[tuple[Tensor, Tensor, int]] = []
        self._attributes: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._contents: list[tuple[Any, Any]] = []
        self._generators: list[tuple[torch.Generator, Tensor]] = []
        self._random = random_state()
        self._room = LIMIT
        for node in tree.nodes:
            if isinstance(node.item, nn.Module):
                self._take_module(node.item)
            elif isinstance(node.item, Tensor):
                self._take_tensor(node.item, node.kind == "parameter")
        for tensor in arguments_in(args, kwargs):
            self._take_tensor(tensor, False)

    def _take_module(self, module: nn.Module) -> None:
        own = vars(module)
        self._attributes.append((own, dict(own)))
        for name, value in own.items():
            if name in _REGISTRIES and isinstance(value, dict):
                self._attributes.append((value, dict(value)))
            elif type(value) in _CONTAINERS and len(value) <= LONGEST:
                self._contents.append((value, value.copy()))
            elif isinstance(value, torch.Generator):
                self._generators.append((value, value.get_state()))

    def _take_tensor(self, tensor: Tensor, is_parameter: bool) -> None:
        if is_uninitialised(tensor):
            self.obstacle = "it had lazy parameters, which have their shapes now"
        elif is_parameter:
            self._versions.append((tensor, version_of(tensor)))
        else:
            size = size_in_bytes(tensor) or 0
            self._room -= size
            if self._room < 0:
                self.obstacle = f"its buffers and inputs take more than {size_text(LIMIT)}"
            else:
                self._copies.append((tensor, plain(tensor).detach().clone(), version_of(tensor)))

    @property
    def random(self) -> dict[str, Any]:
        """Return the states of the generators of random numbers, as `random_state` gives them."""
        return self._random

    def why_not(self) -> str:
        """Return why a run from here would not be the same now, in a few words; empty where it would be."""
        if not self.obstacle and any(version_of(tensor) != version for tensor, version in self._versions):
            return "its parameters have changed since"
        return self.obstacle

    @plainly
    def put_back(self) -> None:
        """Make everything as it was; what is so already is left alone.

        Versions too: a backward may still need the tensors as they are in its graph.
        """
        for now, before in self._attributes:
            for name in [name for name in now if name not in before]:
                del now[name]
            for name, value in before.items():
                if name not in now or now[name] is not value:
                    now[name] = value
        for container, before in self._contents:
            _put_back(container, before)
        with torch.no_grad():
            for tensor, copy, version in self._copies:
                bare = plain(tensor).detach()
                if _differs(bare, copy):
                    # of a sparse tensor `data` has values of its own
                    (bare.data if bare.layout is torch.strided else plain(tensor)).copy_(copy)
                if version_of(tensor) > version >= 0:
                    _set_version(tensor, version)
        for generator, state in self._generators:
            generator.set_state(state)
        set_random_state(self._random)


def _differs(now: Tensor, copy: Tensor) -> bool:
    """Return whether a tensor holds other values than its copy.

    False where the copy has no place in it, as where the shape is another, and where neither has values.
    """
    if now.layout is not copy.layout or now.is_nested or now.shape != copy.shape:
        return False
    try:
        return not same_bits(bits(now), bits(copy))
    except BitsUnreadable:  # as of a meta tensor
        return False


def _set_version(tensor: Tensor, version: int) -> None:
    setter: Any = torch._C._autograd._unsafe_set_version_counter
    try:
        setter((tensor,), (version,))
    except TypeError:  # before torch 2.6
        setter(tensor, version)


def _put_back(container: Any, before: Any) -> None:
    """Give a list, dict or set the contents of another; the same objects, not equal ones."""
    same = len(container) == len(before)
    if isinstance(container, dict):
        same = same and all(name in container and container[name] is value for name, value in before.items())
    elif isinstance(container, list):
        same = same and all(one is other for one, other in zip(container, before, strict=True))
    else:
        same = same and container == before
    if not same:
        container.clear()
        container.extend(before) if isinstance(container, list) else container.update(before)

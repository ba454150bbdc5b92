"""The state of optimizers as it was before something that may change it: moments, counts, learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..tensors.distributed import is_distributed
from ..tensors.tensors import size_in_bytes, stamp_of
from .bits import BitsUnreadable, bits, same_bits
from .record import RestoreError


class _Kept:
    """A tensor of the state, with a copy of its values where there was room.

    `counted`: whether its version says that it was written to.
    """

    __slots__ = ("copy", "counted", "size", "stamp", "tensor")

    def __init__(self, tensor: Tensor, before: _Kept | None, limit: int, counted: bool) -> None:
        self.tensor = tensor
        self.stamp = stamp_of(tensor)
        self.counted = counted
        self.copy: Tensor | None = None
        self.size = 0
        if before is not None and before.tensor is tensor and not before.is_changed():
            self.copy, self.size = before.copy, before.size
        elif is_distributed(tensor):
            return  # to copy it may be a collective
        elif (size := size_in_bytes(tensor)) is not None and size <= limit:
            self.copy, self.size = tensor.detach().clone(), size

    def is_changed(self) -> bool:
        """Return whether it was written to; of one that is not counted and has no copy as far as is known."""
        if stamp_of(self.tensor) != self.stamp:
            return True
        if self.counted or self.copy is None:
            return False
        try:
            return not same_bits(bits(self.copy), bits(self.tensor.detach()))
        except BitsUnreadable:
            return False


class OptimizerRecord:
    """What `optimizer` held when the record was made, with at most `limit` bytes of copies.

    What did not change since `before` is taken from there.  Fused steps, and those of many tensors at once on a GPU,
    write what autograd does not count; there the values are compared.  Other such writes are not seen.
    """

    def __init__(self, optimizer: Optimizer, before: OptimizerRecord | None = None, limit: int = 0) -> None:
        self.optimizer = optimizer
        self.size = 0
        """Bytes of the copies."""
        self._groups = [_group(group) for group in list(optimizer.param_groups)]
        # a list at once: another thread may train with it
        self._state = {parameter: dict(values) for parameter, values in list(optimizer.state.items())}
        self._kept: dict[int, _Kept] = {}
        fused = any(group.get("fused") for group in self._groups)
        known = {} if before is None or before.optimizer is not optimizer else before._kept
        for values in self._state.values():
            for value in values.values():
                if isinstance(value, Tensor) and id(value) not in self._kept:
                    counted = not (fused or value.is_cuda)
                    kept = _Kept(value, known.get(id(value)), limit - self.size, counted)
                    self._kept[id(value)] = kept
                    self.size += kept.size

    def changed(self) -> bool:
        """Return whether the optimizer does not hold the same any more."""
        optimizer = self.optimizer
        groups = [_group(group) for group in list(optimizer.param_groups)]
        if len(groups) != len(self._groups) or not all(map(_same, groups, self._groups)):
            return True
        if len(optimizer.state) != len(self._state):
            return True
        for parameter, values in self._state.items():
            now = optimizer.state.get(parameter)
            if now is None or not _same(now, values):
                return True
        return any(kept.is_changed() for kept in self._kept.values())

    def restore(self) -> None:
        """Give the optimizer its old state back.

        Raises:
            RestoreError: there was no room to keep a copy of all of it.
        """
        written = [kept for kept in self._kept.values() if kept.is_changed()]
        if any(kept.copy is None for kept in written):
            raise RestoreError("there was no room to keep a copy of its state")
        try:
            with torch.no_grad():
                for kept in written:
                    assert kept.copy is not None
                    kept.tensor.copy_(kept.copy)
            state = self.optimizer.state
            state.clear()
            state.update({parameter: dict(values) for parameter, values in self._state.items()})
            groups = self.optimizer.param_groups
            del groups[len(self._groups) :]
            for group, before in zip(groups, self._groups, strict=True):
                group.clear()
                group.update({name: list(value) if name == "params" else value for name, value in before.items()})
        except Exception as exc:  # a class of the user's
            raise RestoreError(f"a {type(self.optimizer).__name__} does not take it back") from exc


def optimizers_in(names: Mapping[str, object]) -> dict[str, Optimizer]:
    """Return the optimizers among the console's names, each once."""
    found: dict[int, tuple[str, Optimizer]] = {}
    for name, value in list(names.items()):
        if issubclass(type(value), Optimizer) and not name.startswith("_"):
            found.setdefault(id(value), (name, value))  # type: ignore[arg-type]
    return dict(found.values())


def _group(group: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if name == "params" else value for name, value in group.items()}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two dictionaries hold the same objects, or equal plain values."""
    return one.keys() == other.keys() and all(_same_value(one[name], other[name]) for name in one)


def _same_value(one: object, other: object) -> bool:
    if one is other:
        return True
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(mine is theirs for mine, theirs in zip(one, other, strict=True))
    plain = (bool, int, float, str, tuple)
    return type(one) is type(other) and isinstance(one, plain) and one == other

"""Snapshots that outlive an opening anew: values, flags and modes by path, without anything of the old network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..live.registered import training_of
from ..tensors.tensors import dtype_text, shape_of
from ..undo.history import FlagRecord
from ..undo.record import RestoreError
from .snapshots import Snapshot

if TYPE_CHECKING:
    from ..live.live_tree import LiveTree


@dataclass(frozen=True)
class CarriedValues:
    """The values of a tensor of a network that is not there any more."""

    copy: Tensor | None
    """None where torch cannot copy it."""
    flag: bool
    """Whether it required a gradient."""
    size: int
    """Bytes of the copy."""


def carried(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Return the snapshots without the network that they are of; copies that they have in common are common still."""
    known: dict[int, CarriedValues] = {}
    found = []
    for taken in snapshots:
        flags = {id(flag.tensor): flag.flag for flag in taken.flags.values()}
        values: dict[str, CarriedValues] = {}
        for path, record in taken.records.items():
            if isinstance(record, CarriedValues):
                values[path] = record
            else:
                flag = flags.get(id(record.tensor), False)
                values[path] = known.setdefault(id(record), CarriedValues(record.copy, flag, record.size))
        modes = {path: mode for path, module in taken.modules.items() if (mode := module.training) is not None}
        found.append(Snapshot(taken.name, taken.taken_at, values, None, {}, {}, taken.modes or modes))
    return found


def restore_by_path(taken: Snapshot, tree: LiveTree) -> list[tuple[str, str]]:
    """Give the network the values, flags and modes of a carried snapshot; return the paths that it has not, and why."""
    lost: list[tuple[str, str]] = []
    for path, held in taken.records.items():
        node = tree.at(path)
        tensor = None if node is None else node.item
        try:
            if not isinstance(tensor, Tensor):
                raise RestoreError("the network has no such tensor now")
            _copy(tensor, held.copy)
            if isinstance(held, CarriedValues):
                FlagRecord(tensor, held.flag).restore()
        except RestoreError as error:
            lost.append((path, str(error)))
    for path, mode in taken.modes.items():
        node = tree.at(path) if path else tree.nodes[0]
        if node is not None and isinstance(node.item, nn.Module) and training_of(node.item) is not mode:
            node.item.training = mode
    return lost


def _copy(tensor: Tensor, values: Tensor | None) -> None:
    if values is None:
        raise RestoreError("torch could not copy it")
    if shape_of(tensor) != tuple(values.shape) or tensor.dtype != values.dtype:
        raise RestoreError(f"it was {dtype_text(values)}{list(values.shape)}")
    try:
        with torch.no_grad():
            tensor.copy_(values)
    except RuntimeError as error:
        raise RestoreError(str(error).split("\n")[0]) from error

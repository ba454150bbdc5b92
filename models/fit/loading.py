"""What of a file's tensors becomes which tensor of a network: the values, made as the links say.  Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .links import Link
from .names import Shapes


def values_of(link: Link, read: Callable[[str], Tensor], network: Shapes) -> Sequence[Tensor]:
    """Return the values of each name of the network that a link has, of the shapes that `network` says.

    Args:
        read: returns a tensor of the file by its name.
    """
    values = [read(name) for name in link.file]
    half = len(link.network) // 2
    if link.how == "fuse":
        return [torch.cat(values).T if link.transposed else torch.cat(values)]
    if link.transposed:
        values = [values[0].T]
    if link.how == "stack":
        return [torch.stack(values)]
    if link.how == "fuse_stack":
        middle = len(values) // 2
        return [torch.cat([torch.stack(values[:middle]), torch.stack(values[middle:])], dim=1)]
    if link.how == "split":
        return torch.split(values[0], [network[name][0] for name in link.network])
    if link.how == "unstack":
        return list(values[0])
    if link.how == "unfuse_unstack":
        return [each.chunk(2)[0] for each in values[0]][:half] + [each.chunk(2)[1] for each in values[0]][:half]
    return values


def fill(target: Tensor, value: Tensor, link: Link) -> None:
    """Copy a value that a link gives into the network's tensor: of one that has other rows those that both have."""
    if link.how == "resize":
        rows = min(len(target), len(value))
        target[:rows].copy_(value[:rows])
    else:
        target.copy_(value)

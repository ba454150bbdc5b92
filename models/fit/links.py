"""Links: which tensors of a file become which tensors of a network, and how certain that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Certainty = Literal["certain", "likely", "guess"]
CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely", "guess")
"""From the most certain down.

`certain`: the same name, a rule that three names or more agree with and none contradicts, or the only tensor of its
shape.  `likely`: words or the structure decide.  `guess`: the order alone decides.
"""
RuleKind = Literal["prefix", "infix", "suffix", "word", "number", "split", "fuse", "transpose", "tied", "resize"]
How = Literal["copy", "split", "fuse", "stack", "fuse_stack", "unstack", "unfuse_unstack", "resize"]


class Link(NamedTuple):
    """Tensors of the file that become tensors of the network: one and one, or several of which one is made."""

    file: tuple[str, ...]
    """Names in the file, in the order in which they are put together."""
    network: tuple[str, ...]
    """Names in the network, in the order in which they are cut apart."""
    certainty: Certainty
    how: How = "copy"
    """`split`: the first dimension is cut; `fuse`: concatenated along it; `stack`: put into a new first dimension;
    `fuse_stack`: those of each half stacked, the halves then concatenated along the second; `resize`: as many rows as
    both have."""
    transposed: bool = False
    """Whether the two dimensions are swapped: of what is put together afterwards, else of the file's tensor before."""


@dataclass(frozen=True)
class ProposedRule:
    """One rule of renaming, as it is shown; numbers in its texts stand as `{n}`, `{n-1}`."""

    old: str
    """Text of names in the file."""
    new: str
    """What it becomes in the network."""
    kind: RuleKind
    keys: int
    """How many names of the file it takes part in."""
    certainty: Certainty
    note: str = ""
    """What speaks for or against it; empty for nothing."""


def worst(*certainties: Certainty) -> Certainty:
    """Return the least certain of several."""
    return max(certainties, key=CERTAINTIES.index)

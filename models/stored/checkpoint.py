"""What a reader makes of a checkpoint: its tensors, the other things in it, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .file import DataFile
from .stored import Stored
from .tensors import Listed, Tensors


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a checkpoint that is no tensor: an epoch, a learning rate, a list of names."""

    path: str
    """As a tensor's."""
    type: str
    """The name of its type: `int`, `str`, `list`."""
    text: str
    """Its value in one line, at most 2,000 characters; not cleaned."""


@dataclass(slots=True)
class Checkpoint:
    """Everything that was found, nothing of it read but the headers."""

    tensors: Sequence[Stored]
    items: list[Item] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the files say of themselves, as JSON has it: strings, numbers, lists, dicts of strings to such, None."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for the user: a shard that is missing, a tensor that two files hold."""
    classes: dict[str, str] = field(default_factory=dict)
    """Classes of modules that the file itself tells (TorchScript), by path; they are not inferred."""
    ordered: bool = False
    """Whether the order of the tensors means something (a state dict's); otherwise the tree sorts names naturally."""
    links: dict[str, list[str]] = field(default_factory=dict)
    """Of a tensor's path, the paths of what belongs to it elsewhere: of a parameter, its optimizer state."""
    files: list[DataFile] = field(default_factory=list)
    """The files that it is read from."""
    kind: str = ""
    """What it is, for people: `safetensors file`, `torch checkpoint`, `5 shards`."""

    @property
    def columns(self) -> Tensors:
        """The tensors, and what all of them have in columns."""
        return self.tensors if isinstance(self.tensors, Tensors) else Listed(self.tensors)

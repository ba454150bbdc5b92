"""Where what is open came from, and how opening fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from ..stored.checkpoint import Checkpoint


class SourceError(Exception):
    """Why a source cannot be opened: `title` is one line with the cause, `text` the remedy or the own traceback.

    `where` is the user's line that raised, `file.py:12`, where their code failed.
    """

    def __init__(self, title: str, text: str = "", where: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.text = text
        self.where = where


@dataclass(slots=True, kw_only=True)
class Source:
    """What was opened."""

    source: str
    """As the user wrote it."""
    kind: str
    """`module`, or `checkpoint` for tensors without code."""
    name: str
    """What its code calls the network: `net`, `rgnet`."""
    module: nn.Module | None = None
    """The network; None for a checkpoint."""
    checkpoint: Checkpoint | None = None
    """The tensors in files; None for a network."""
    own: object = None
    """The user's dict or list of modules, which the console's names are bound to; `module` stands for it in the tree.
    None where that is the network itself."""
    names: dict[str, object] = field(default_factory=dict)
    """Further names for the console."""
    input_specs: list[str] = field(default_factory=list)
    """Its documented input, each a SPEC of the command line; empty where nobody knows."""
    arguments: tuple[tuple[object, ...], dict[str, object]] | None = None
    """Its inputs themselves, positional and by keyword, where they were handed over with it."""
    live: bool = False
    """It is an object of a program that runs: its random numbers are not to be touched either."""
    file: str | None = None
    """The user's file it came from."""
    note: str = ""
    tries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the source says of itself, as JSON has it."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """What the user asked for beside the SOURCE, and what may be told while it is opened."""

    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    progress: Callable[[str], None] = lambda text: None
    """Told what is being done, in a few words, when it may take longer than a blink."""

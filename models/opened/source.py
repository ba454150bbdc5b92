"""The source that a model was opened from, the options of opening, and its error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import nn

    from ..stored.checkpoint import Checkpoint


class SourceError(Exception):
    """A source cannot be opened: `title` is one line with the cause, `text` the remedy or the user's traceback.

    `where` is the user's line that raised, `file.py:12`; empty where their code did not fail.
    """

    def __init__(self, title: str, text: str = "", where: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.text = text
        self.where = where


class SourceChoice(NamedTuple):
    """One of several sources that a user can open instead."""

    source: str
    """SOURCE, as a user would write it."""
    about: str = ""
    """What it is, in a few words: its size, when it was written."""


class SeveralSources(SourceError):
    """What was named holds several checkpoints that are no parts of one: the user chooses among `choices`."""

    def __init__(self, title: str, text: str, choices: Sequence[SourceChoice]) -> None:
        super().__init__(title, text)
        self.choices = list(choices)


@dataclass(slots=True, kw_only=True)
class Source:
    """A network or checkpoint that was opened, and how it was found."""

    source: str
    """The SOURCE as the user wrote it."""
    kind: str
    """`module`, or `checkpoint` for tensors without code."""
    name: str
    """The network's name in its code: `net`, `rgnet`."""
    module: nn.Module | None = None
    """The network; None for a checkpoint."""
    checkpoint: Checkpoint | None = None
    """The tensors in files; None for a network."""
    own: object = None
    """The user's dict or list of modules, to which the console's names are bound; `module` stands for it in the tree.
    None where that is the network itself."""
    names: dict[str, object] = field(default_factory=dict)
    """Further names for the console."""
    input_specs: list[str] = field(default_factory=list)
    """Its documented inputs, each a SPEC of the command line; empty where unknown."""
    arguments: tuple[tuple[object, ...], dict[str, object]] | None = None
    """Its inputs, positional and by keyword, where they were passed with it; None otherwise."""
    live: bool = False
    """Whether it is an object of a running program, whose random state must not change."""
    file: str | None = None
    """The user's file that it came from; None without one."""
    note: str = ""
    """A sentence on what was opened, shown with it; empty for none."""
    how_to_run: str = ""
    """Of a checkpoint, how it can be opened as a network that runs, where that is known."""
    tries: list[str] = field(default_factory=list)
    """Statements to try in the console, of a documented network."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for the user on what is odd about the source."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """The source's own metadata, as JSON values."""
    training: Any = None
    """What was seen of training while it was built, a `TrainingNotes`; None for nothing."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """Options of opening a SOURCE, and the callback for progress."""

    trust: bool = False
    """Whether a file may be read by running the code in it, where it cannot be read otherwise."""
    on_progress: Callable[[str], None] = lambda text: None
    """Called with a few words on what is being done, where that may take longer than a blink."""
    language: str = "en"
    """Of the note on a documented network: `en` or `zh`."""

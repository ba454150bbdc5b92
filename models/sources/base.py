"""Opening anything: what a source is, how opening fails, and which kinds there are.

A kind is one file beside this one that offers a `Kind`; it is added by naming it in `_kinds`.  Kinds are asked in
order, the first that claims the text opens it.  Nothing here needs torch until a network is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from ..checkpoint.checkpoint import Checkpoint

UNMOVED = "--device {} is not used: a checkpoint stays in its files, and its tensors are read on the CPU"
"""The warning of a checkpoint that was to be moved."""


class SourceError(Exception):
    """Why a source cannot be opened: `title` is one line with the cause, `text` the remedy or the own traceback.

    `where` is the person's line that raised, `file.py:12`, where their code failed.
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
    """As the person wrote it."""
    kind: str
    """`module`, or `checkpoint` for tensors without code."""
    name: str
    """What its code calls the network: `net`, `rgnet`."""
    module: nn.Module | None = None
    """The network; None for a checkpoint."""
    checkpoint: Checkpoint | None = None
    """The tensors in files; None for a network."""
    own: object = None
    """The person's dict or list of modules, which the console's names are bound to; `module` stands for it in the tree.
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
    """The person's file it came from."""
    note: str = ""
    tries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    """What the source says of itself, as JSON has it."""


@dataclass(frozen=True, slots=True)
class How:
    """What the person asked for beside the SOURCE, and what may be told while it is opened."""

    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    progress: Callable[[str], None] = lambda text: None
    """Told what is being done, in a few words, when it may take longer than a blink."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of source."""

    claims: Callable[[str], bool]
    """Whether a text names a source of this kind, rightly or not; looks at the text and the file system only."""
    open: Callable[[str, How], Source]
    """Open it; raises SourceError."""


def open_source(text: str, seed: int | None = None, device: str | None = None, how: How | None = None) -> Source:
    """Open what `text` names: a catalogue name, `FILE.py:NAME`, `package.module:NAME`, a file or folder of weights.

    `seed` is given to torch's generator before anything of the source runs; `device` is where a network is moved, and
    of a checkpoint a warning says that it is not.  Spaces around `text` are no part of it, unless a path has them.
    Raises SourceError, whose title is one line; KeyboardInterrupt passes.
    """
    text = _meant(text)
    kind = next((kind for kind in _kinds() if kind.claims(text)), None)
    if kind is None:
        raise _nothing_like(text)
    if device is not None and not _is_of_files(kind):
        from .device import check_device

        check_device(device)
    if seed is not None:
        import torch

        torch.manual_seed(seed)
    source = kind.open(text, how or How())
    if device is not None and source.module is not None:
        from .device import check_device, move

        check_device(device)
        move(source.module, device)
    elif device is not None:
        source.warnings.append(UNMOVED.format(device))
    return source


def _meant(text: str) -> str:
    """Without the spaces around it, but for those of a path that is there."""
    if text == text.strip() or os.path.lexists(text):
        return text
    file = text.rpartition(":")[0]
    return text.rstrip() if file and os.path.lexists(file) else text.strip()


def _is_of_files(kind: Kind) -> bool:
    from . import files

    return kind is files.KIND


def close_to(name: str, names: list[str]) -> str:
    """A sentence with the names like `name`, or an empty text: `Did you mean 'rgnet'?`."""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(each) for each in close)}?" if close else ""


def _kinds() -> Iterator[Kind]:
    """In the order in which they are asked; imported when those before it do not want the text, for a person waits."""
    from . import live_object

    yield live_object.KIND
    from . import example

    yield example.KIND
    from . import files

    yield files.KIND
    from . import python_target

    yield python_target.KIND


def _nothing_like(text: str) -> SourceError:
    from ..examples.catalogue import EXAMPLES

    remedy = [close_to(text, list(EXAMPLES))] if text else []
    remedy += [
        f"The documented networks are {', '.join(EXAMPLES)}.",
        "Of your own, write FILE.py:NAME or package.module:NAME.",
    ]
    title = f"There is no documented network {text!r}" if text else "No source was named"
    return SourceError(title, "\n".join(filter(None, remedy)))

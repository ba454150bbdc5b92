"""Opening anything: what a source is, how opening fails, and which kinds there are.

A kind is one file beside this one that offers a `Kind`; it is added by naming it in `_kinds`.  Kinds are asked in
order, the first that claims the text opens it.  Nothing here needs torch until a network is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


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
    module: nn.Module
    names: dict[str, object] = field(default_factory=dict)
    """Further names for the console."""
    input_specs: list[str] = field(default_factory=list)
    """Its documented input, each a SPEC of the command line; empty where nobody knows."""
    file: str | None = None
    """The person's file it came from."""
    note: str = ""
    tries: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of source."""

    claims: Callable[[str], bool]
    """Whether a text names a source of this kind, rightly or not; looks at the text and the file system only."""
    open: Callable[[str], Source]
    """Open it; raises SourceError."""


def open_source(text: str, seed: int | None = None, device: str | None = None) -> Source:
    """Open what `text` names: a catalogue name, `FILE.py:NAME` or `package.module:NAME`.

    `seed` is given to torch's generator before anything of the source runs; `device` is where the network is moved.
    Raises SourceError, whose title is one line; KeyboardInterrupt passes.
    """
    text = text.strip()
    kind = next((kind for kind in _kinds() if kind.claims(text)), None)
    if kind is None:
        raise _nothing_like(text)
    if device is not None:
        from .device import check_device

        check_device(device)
    if seed is not None:
        import torch

        torch.manual_seed(seed)
    source = kind.open(text)
    if device is not None:
        from .device import move

        move(source.module, device)
    return source


def close_to(name: str, names: list[str]) -> str:
    """A sentence with the names like `name`, or an empty text: `Did you mean 'rgnet'?`."""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(each) for each in close)}?" if close else ""


def _kinds() -> list[Kind]:
    from . import example, python_target, weights

    return [example.KIND, weights.KIND, python_target.KIND]


def _nothing_like(text: str) -> SourceError:
    from ..examples.catalogue import EXAMPLES

    remedy = [close_to(text, list(EXAMPLES))] if text else []
    remedy += [
        f"The documented networks are {', '.join(EXAMPLES)}.",
        "Of your own, write FILE.py:NAME or package.module:NAME.",
    ]
    title = f"There is no documented network {text!r}" if text else "No source was named"
    return SourceError(title, "\n".join(filter(None, remedy)))

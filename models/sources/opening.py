"""Opening anything: the kinds of source there are, and which of them opens a text.

A kind is one file beside this one that offers a `SourceKind`; it is added by naming it in `_kinds`.  Kinds are tried in
order, the first that claims the text opens it.  Nothing here needs torch until a network is built.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..opened.source import OpenOptions, Source, SourceError
from .base import SourceKind, close_to

UNMOVED = "--device {} is not used: a checkpoint stays in its files, and its tensors are read on the CPU"
"""The warning of a checkpoint that was to be moved."""


def open_source(
    text: str, seed: int | None = None, device: str | None = None, how: OpenOptions | None = None
) -> Source:
    """Open what `text` names: a catalogue name, `FILE.py:NAME`, `package.module:NAME`, a file or folder of weights.

    `seed` is given to torch's generator before anything of the source runs, None leaves it alone.  `device` is where a
    network is moved, None leaves it where it is; of a checkpoint a warning says that it is not moved.  Spaces around
    `text` are no part of it, unless a path has them.  KeyboardInterrupt passes.

    Raises:
        SourceError: it cannot be opened; the title is one line.
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
    source = kind.open(text, how or OpenOptions())
    if device is not None and source.module is not None:
        from .device import check_device, move

        check_device(device)
        move(source.module, device)
    elif device is not None:
        source.warnings.append(UNMOVED.format(device))
    return source


def _meant(text: str) -> str:
    """Return a text without the spaces around it, but for those of a path that is there."""
    if text == text.strip() or os.path.lexists(text):
        return text
    file = text.rpartition(":")[0]
    return text.rstrip() if file and os.path.lexists(file) else text.strip()


def _is_of_files(kind: SourceKind) -> bool:
    from . import files

    return kind is files.KIND


def _kinds() -> Iterator[SourceKind]:
    """Yield the kinds in order, each imported when those before it do not claim the text: a user waits."""
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

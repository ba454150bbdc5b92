"""An object of the running program, opened as it is: what `explore(net)` shows.

Nothing is imported, built, copied or moved.  An object is offered under a text of its own, `explore(net)`, for as long
as the user explores it; opening that text again, as `R` does, looks at the same object anew.
"""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..opened.source import OpenOptions, Source
from .base import SourceKind

_offered: dict[str, Source] = {}


def live_source(
    model: object, inputs: tuple[object, ...], named: dict[str, object], frame: types.FrameType | None
) -> Source:
    """Return `model` as a source, with the names that the code of `frame` sees; None stands for no code.

    `inputs` and `named` are the arguments that were handed over with it, by position and by keyword.

    Raises:
        SourceError: it is nothing that has a tree.
    """
    from .networks import as_network

    names = _names(frame)
    name = next((name for name, value in names.items() if value is model and name.isidentifier()), "net")
    found = as_network(model, name)
    given = bool(inputs or named)
    return Source(
        source=f"explore({name})",
        kind="module",
        name=name,
        module=found.module,
        own=found.own,
        names=names,
        live=True,
        arguments=(inputs, named) if given else None,
        file=_file(frame),
        warnings=found.warnings,
    )


def _file(frame: types.FrameType | None) -> str | None:
    """Return the file of the code; None for a prompt's."""
    file = frame.f_code.co_filename if frame is not None else ""
    return file if os.path.isfile(file) else None  # noqa: PTH113


def _names(frame: types.FrameType | None) -> dict[str, object]:
    """Return the names of the frame, the local ones first, as its own code would find them."""
    if frame is None:
        return {}
    local = {name: value for name, value in frame.f_locals.items() if not name.startswith("__")}
    return local | {name: value for name, value in frame.f_globals.items() if not name.startswith("__")} | local


@contextmanager
def offered(source: Source) -> Iterator[None]:
    """Have `source.source` name this object within the `with` block, so that it can be opened."""
    _offered[source.source] = source
    try:
        yield
    finally:
        _offered.pop(source.source, None)


def _open(text: str, how: OpenOptions) -> Source:
    source = _offered[text]
    if source.own is None:
        return replace(source)
    from .networks import as_network

    found = as_network(source.own, source.name)  # their dict or list may hold others by now
    return replace(source, module=found.module, warnings=found.warnings)


KIND = SourceKind(claims=_offered.__contains__, open=_open)

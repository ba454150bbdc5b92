"""Folders: weights in them or in folders below, as one tree where they belong together, else as a choice.

`plan.py` looks at names alone and decides; `layouts.py` knows the folders of single programs, `names.py` what names
mean; `parts.py` puts parts together, `choosing.py` offers alternatives.  What a folder holds itself is opened by the
formats in `files.py`.
"""

from __future__ import annotations

from pathlib import Path

from ...opened.source import OpenOptions, SeveralSources, Source, SourceError
from ...stored.checkpoint import Checkpoint
from ..formats import PathInfo, checkpoint_source
from ..wording import listed, shortened
from .choosing import several, written
from .layouts import LAYOUTS
from .listing import Looker
from .parts import FolderPart, joined_parts
from .plan import FolderPlan, Planned, Planner

_ALSO_LIMIT = 100
"""Files and folders that are named among those not opened, at most."""


def open_folder(found: PathInfo, how: OpenOptions) -> Source:
    """Open what a folder holds, or raise SourceError: `SeveralSources` where a user is to choose."""
    from ..files import open_own

    looker = Looker()
    plan = Planner(looker, LAYOUTS).plan(found.path)
    if plan is None:
        return open_own(found, how)
    if plan.choices:
        raise several(found.path, found.text, plan.choices, plan.latest)
    try:
        source = _open(plan, found, how)
    except SeveralSources as error:  # seen by the tensors in its files
        raise several(found.path, found.text, [plan.path / each.source for each in error.choices]) from None
    source.note = " ".join(filter(None, [source.note, _note(plan, found)]))
    also = plan.not_opened()
    if also and source.checkpoint is not None:
        source.checkpoint.metadata["files not opened"] = _inside(also[:_ALSO_LIMIT], found)
    source.warnings += [f"Not all was looked at: {text}" for text in looker.limited]
    return source


def _open(plan: FolderPlan, found: PathInfo, how: OpenOptions) -> Source:
    from ..files import open_own
    from ..looking import look

    if plan.own:
        inner = look(str(plan.path))
        source = open_own(inner, how)
        source.source, source.file = found.text, str(found.path)
        return source
    whole = _whole(plan, how)
    for file in whole.files:  # files of several folders have one name
        if file.path.is_relative_to(found.path):
            file.name = str(file.path.relative_to(found.path))
    return checkpoint_source(found, whole, found.path.name)


def _whole(plan: FolderPlan, how: OpenOptions) -> Checkpoint:
    """Return all parts of a plan as one checkpoint."""
    whole = joined_parts([_part(plan, part) for part in plan.parts], how)
    whole.classes = {**{path: name for path, name in plan.classes.items() if name}, **whole.classes}
    if plan.classes.get(""):
        whole.classes[""] = plan.classes[""]
    whole.metadata = {**whole.metadata, **plan.metadata}
    whole.warnings[:0] = plan.warnings
    mains = [part for part in plan.parts if not part.beside]
    beside = [part.name for part in plan.parts if part.beside]
    if plan.what:
        count = f", {len(mains):,} parts" if len(mains) > 1 else ""
        whole.kind = f"{plan.what}{count}" if plan.what != "ranks" else f"{len(mains):,} ranks"
    if beside:
        whole.kind += f" with {listed(beside)}"
    return whole


def _part(plan: FolderPlan, part: Planned) -> FolderPart:
    place = str(part.path.relative_to(plan.path)) if part.path != plan.path else plan.path.name
    return FolderPart(part.name, place, lambda how: _checkpoint(plan, part, how), part.beside)


def _checkpoint(plan: FolderPlan, part: Planned, how: OpenOptions) -> Checkpoint:
    from ..files import checkpoint_at, open_own
    from ..looking import look

    if isinstance(part.of, Path) and part.of != plan.path:
        return checkpoint_at(part.of, how)
    if isinstance(part.of, FolderPlan) and part.of.parts:
        return _whole(part.of, how)
    if isinstance(part.of, FolderPlan) and part.of.choices:
        return _first_of(part.of.choices, how)
    try:
        source = open_own(look(str(part.path)), how)
    except SeveralSources as error:
        return _first_of([part.path / each.source for each in error.choices], how)
    if source.checkpoint is None:
        raise SourceError(f"{part.path.name} holds a network, not tensors")
    return source.checkpoint


def _first_of(choices: list[Path], how: OpenOptions) -> Checkpoint:
    """Return the first of several alternatives, with a warning that there are others: for a part of a whole."""
    from ..files import open_path

    source = open_path(str(choices[0]), how)
    if source.checkpoint is None:
        raise SourceError(f"{choices[0].name} holds a network, not tensors")
    others = listed([path.name for path in choices[1:]])
    source.checkpoint.warnings.insert(0, f"Shown is {choices[0].name}, and not {others}")
    return source.checkpoint


def _note(plan: FolderPlan, found: PathInfo) -> str:
    sentences = [plan.note]
    if plan.path != found.path:
        sentences.insert(0, f"Opened is {shortened(written(plan.path, found.path, ''))}, where the weights are.")
    if also := plan.not_opened():
        sentences.append(f"Not opened, though there are weights too: {listed(_inside(also, found))}.")
    return " ".join(filter(None, sentences))


def _inside(paths: list[Path], found: PathInfo) -> list[str]:
    return [written(path, found.path, "") for path in paths]

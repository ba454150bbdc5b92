"""The tensors of what is open, written to a new file: for `save` and for the explorer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..messages import Problem, Saved, SaveOptions, SavePlan
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..safe_text import clean
from ..saving.gathering import Gathered, tensors_of_checkpoint, tensors_of_network
from ..saving.metadata import metadata_for
from ..saving.new_file import check_new
from ..saving.notes import left_out_of, notes_of
from ..saving.plan import DTYPE_NAMES, FORM_NAMES, CannotSave, FilePlan, plan
from ..saving.safetensors_file import header_bytes, in_file_order
from ..saving.writing import form_of, lack_of_room, write
from ..tree.globs import Glob, Rename
from .session import Session

NAMES = 5
"""Names in a sentence on what is left out."""
NAMED = 1_000
"""Files of one name beside each other, numbered."""
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def gathered(session: Session) -> Gathered:
    """Return the tensors of what is open that may be saved: of a network its `state_dict()` as it is now."""
    checkpoint = session.model.source.checkpoint
    if checkpoint is None:
        return tensors_of_network(session.model, session.root.state_dict())
    return tensors_of_checkpoint(session.model, checkpoint)


def matcher(glob: Glob) -> Callable[[str], bool]:
    """Return whether a name is one that a pattern means: that it matches, or below the module of this name."""
    below = (f"{glob.text}.", f"{glob.text}[")
    return lambda path: path.startswith(below) or glob.matches(path)


def plan_save(session: Session, options: SaveOptions) -> SavePlan:
    """Return what a new file would hold; write nothing.

    Raises:
        EngineProblem: nothing is open, or it could not be written as it is asked for.
    """
    out, made, found = _planned(session, options)
    notes = notes_of(made, found.metadata, None)
    if shortage := lack_of_room(made, out):
        notes.append(shortage)
    return SavePlan(
        out=str(out) if options.out == "" else options.out,
        form=FORM_NAMES[made.form],
        tensors=len(made.tensors),
        bytes=made.bytes,
        notes=[*_unused(made), *notes, *_left_out(made)],
    )


def save_tensors(
    session: Session, options: SaveOptions, *, on_progress: Callable[[str, float], None] = lambda text, share: None
) -> Saved:
    """Write a new file; it is there whole or not at all.

    Args:
        on_progress: called with a text, and with the share that is written.

    Raises:
        EngineProblem: nothing is open, something is there already, or it cannot be written.
    """
    out, made, found = _planned(session, options)
    total = max(made.bytes, 1)

    said = ""

    def on_bytes(done: int, path: str) -> None:
        nonlocal said
        share = min(done / total, 1.0)
        if said != (text := f"saving: {share:.0%}"):
            said = text
            on_progress(f"{text}  {clean(path, 200)}", share)

    try:
        overflowed = write(made, out, metadata_for(made, found.metadata), on_bytes)
    except CannotSave as error:
        raise _problem(error) from None
    what = f"{amount(len(made.tensors), 'tensor')}, {amount(made.bytes, 'byte')}"
    session.journal.remark(f"saved {what} to {out}")
    return Saved(
        out=str(out.absolute()),
        text=f"{out} is written: {FORM_NAMES[made.form]}, {what}",
        notes=[*_unused(made), *notes_of(made, found.metadata, overflowed), *_left_out(made)],
    )


def _planned(session: Session, options: SaveOptions) -> tuple[Path, FilePlan, Gathered]:
    session.model  # noqa: B018  (raises when nothing is open)
    try:
        out = Path(options.out).expanduser() if options.out else _free_name(session)
        if options.out.endswith("/"):
            raise CannotSave(f"{options.out!r} is the name of a folder, and a file is made", "Give a file's name.")
        if "\0" in options.out:
            raise CannotSave("no file has a zero byte in its name", "Give another name.")
        form = form_of(out)
        check_new(out)
        if options.dtype not in ("", *DTYPE_NAMES):
            raise CannotSave(f"{options.dtype!r} is no dtype to convert to", f"There are {', '.join(DTYPE_NAMES)}.")
        found = gathered(session)
        rules = [Rename(text) for text in options.renames]
        match = matcher(Glob(options.match)) if options.match else None
        made = plan(found.candidates, form, rules, match, options.dtype or None)
        made.left_out += found.left_out
        if made.form == "safetensors":
            header_bytes(in_file_order(made), metadata_for(made, found.metadata))
    except CannotSave as error:
        raise _problem(error) from None
    except (ValueError, OSError, RuntimeError) as error:  # of a rule; no such home
        raise EngineProblem(Problem("usage", str(error))) from None
    return out, made, found


def _problem(error: CannotSave) -> EngineProblem:
    return EngineProblem(Problem("usage", str(error), error.remedy.replace("--", "")))


def _free_name(session: Session) -> Path:
    """Return a name in the working folder that nothing has."""
    name = Path(session.model.source.name).name.removesuffix(".safetensors")
    stem = _UNFIT.sub("_", name).strip("._-")[:80] or "model"
    for number in range(1, NAMED):
        path = Path(f"{stem}{'' if number == 1 else f'-{number}'}.safetensors")
        if not path.exists() and not path.is_symlink():
            return path
    raise CannotSave(f"there are very many files called {stem}", "Give another name.")


def _unused(made: FilePlan) -> list[str]:
    return [f"{rule.text!r} fits no tensor" for rule in made.unused]


def _left_out(made: FilePlan) -> list[str]:
    found = []
    for reason, paths in left_out_of(made):
        more = f" and {len(paths) - NAMES:,} more" if len(paths) > NAMES else ""
        found.append(f"left out: {', '.join(paths[:NAMES])}{more} ({reason.replace('--', '')})")
    return found

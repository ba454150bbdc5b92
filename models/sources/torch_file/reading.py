"""Making a checkpoint of what a torch file's pickle holds, and saying why a file cannot be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...opened.source import SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.file import DataFile
from ..wording import shortened
from .contents import Contents
from .roles import Roles
from .tensors import Find, Maker
from .texts import as_json

LARGEST_PICKLE = 256 << 20
"""Bytes of the pickle itself, without the tensors: more than a million tensors."""
_LISTED = 60
"""Names of what a file would run that are told."""
_OF_MAIN = (
    " What it has of __main__ is of the script that saved it: --trust alone does not find that, and says what to do."
)
AGAIN = "Copy or download it again."


def checkpoint_of(
    root: Any, size: int, file: DataFile, find: Find, *, swap: bool, metadata: dict[str, Any], what: str = ""
) -> Checkpoint:
    """The checkpoint that `root`, from a pickle of `size` bytes, describes; `find` tells where storages lie.

    Raises SourceError when a tensor does not lie where it should.
    """
    contents = Contents.of(root, size)
    maker = Maker(file.name, find, swap)
    for entry in contents.tensors:
        maker.count(entry.tensor)
    tensors = [maker.make(entry.path, entry.tensor, entry.kind, entry.notes) for entry in contents.tensors]
    kind, main = _kind(contents.roles, what)
    if main:
        metadata = {**metadata, "state dict": main}
    for path, versions in contents.versions.items():
        metadata[f"{path}._metadata" if path else "_metadata"] = as_json(versions, 2_000)
    return Checkpoint(
        tensors=tensors,
        items=contents.items,
        metadata=metadata,
        warnings=contents.warnings[:20],
        classes=contents.classes,
        ordered=True,
        links=contents.links,
        files=[file],
        kind=kind,
    )


def _kind(roles: Roles, what: str) -> tuple[str, str]:
    """What it is for people, and the path of the network's state dict where it is not all there is."""
    if what:
        return what, ""
    main = roles.main()
    if main is not None and not main.path:
        return "torch state dict", ""
    name = "torch training checkpoint" if roles.optimizers else "torch checkpoint"
    if main is None:
        return name, ""
    return f"{name} with its state dict under {shortened(main.path)!r}", main.path


class NeedsMore(SourceError):
    """A file that can only be read by running what is in it."""


def needs_more(name: str, wanted: Sequence[str]) -> NeedsMore:
    """A file that would run code."""
    shown = ", ".join(f"`{shortened(each)}`" for each in wanted[:5])
    more = f" and {len(wanted) - 5:,} more" if len(wanted) > 5 else ""
    things = "1 thing" if len(wanted) == 1 else f"{len(wanted):,} things"
    rest = ", ".join(shortened(each) for each in wanted[5:_LISTED])
    return NeedsMore(
        f"{name} needs more than weights: it would run {things}: {shown}{more}",
        (f"The others are {rest}{' and so on' if len(wanted) > _LISTED else ''}.\n" if rest else "")
        + "Nothing of it was run. If you trust whoever made it, open it with --trust: torch.load then runs whatever "
        "the file says, with your rights. Safer: have it saved again as model.state_dict(), or as safetensors."
        + (_OF_MAIN if any(each.startswith("__main__.") for each in wanted) else ""),
    )


def broken(name: str, why: str) -> SourceError:
    """A file that is damaged, in its own words."""
    return SourceError(f"{name} is damaged: {why}", AGAIN)

"""Making a checkpoint of what a torch file's pickle holds, and saying why a file cannot be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...opened.source import SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.file import DataFile
from ...stored.zip_archive import BrokenArchive
from ..wording import listed, shortened
from .contents import PickleContents
from .placement import PART_OF
from .roles import Roles
from .tensors import FindStorage, TensorMaker
from .texts import as_json
from .unpickler import BrokenPickle, Globals
from .weights_only import refused_by_torch

LARGEST_PICKLE = 256 << 20
"""Bytes of the pickle itself, without the tensors, at most: more than a million tensors."""
SCRIPT, EXPORTED = "TorchScript archive", "torch.export program"
"""What a file is where it is nothing that `torch.save` wrote."""
AGAIN = "Copy or download it again."
"""What to do with a file that is damaged."""


@dataclass(frozen=True, slots=True)
class TorchFile:
    """What was read of a torch file, without running anything of it."""

    checkpoint: Checkpoint
    unknown: list[str]
    """The classes and functions that it names and that are not known here, `module.name`."""
    has_module: bool
    """Whether a module of torch was pickled whole in it."""


def read(
    root: Any,
    size: int,
    file: DataFile,
    find: FindStorage,
    names: Globals,
    sizes: Mapping[str, int],
    *,
    swap: bool,
    metadata: dict[str, Any],
    what: str = "",
) -> TorchFile:
    """Return what `root`, from a pickle of `size` bytes that named `names`, describes.

    `find` returns where a storage lies, `sizes` are the bytes of all storages in the file by key, as far as known,
    `swap` says that elements are big-endian.  `metadata` are the file's own; `what` is what it is for users, empty
    where that is seen by its state dicts.

    Raises:
        SourceError: a tensor does not lie where it should.
    """
    contents = PickleContents.of(root, size)
    maker = TensorMaker(file.name, find, swap)
    for entry in contents.tensors:
        maker.count(entry.tensor)
    tensors = [maker.make(entry.path, entry.tensor, entry.kind) for entry in contents.tensors]
    contents.warnings += _of_one_rank(contents)
    unused = maker.use.unused(sizes)
    if unused.text:
        contents.warnings.append(unused.text)
    kind, main = _kind(contents.roles, what)
    checkpoint = Checkpoint(
        tensors=tensors,
        items=contents.items,
        metadata={**metadata, **main, **_metadata_of(contents, names, what)},
        warnings=contents.warnings[:20],
        classes=contents.classes,
        facts=contents.facts,
        bare=contents.bare,
        ordered=True,
        links=contents.links,
        stored_bytes=unused.stored,
        files=[file],
        kind=kind,
    )
    return TorchFile(checkpoint, list(names.unknown), contents.has_module)


def _metadata_of(contents: PickleContents, names: Globals, what: str) -> dict[str, Any]:
    """Return what of the pickle stands with the file's own metadata: what torch refuses, versions of modules."""
    found: dict[str, Any] = {}
    refused = refused_by_torch(names) if what != SCRIPT else ["TorchScript archives, which torch.jit.load opens"]
    if refused and what != EXPORTED:
        found["torch.load(weights_only=True) refuses"] = refused
    for path, versions in contents.versions.items():
        found[f"{path}._metadata" if path else "_metadata"] = as_json(versions, 2_000)
    return found


def _of_one_rank(contents: PickleContents) -> list[str]:
    """Return a warning where tensors are the part that one rank has of a `DTensor`."""
    parts = sum(any(label == PART_OF for label, _ in entry.tensor.notes) for entry in contents.tensors)
    if not parts:
        return []
    count = "1 tensor is" if parts == 1 else f"{parts:,} tensors are"
    return [f"{count} the part of one rank (DTensor): the files of the other ranks have the rest."]


def notes_on(found: TorchFile) -> tuple[str, str]:
    """Return a sentence on what is not known in a file, and how to run the network in it; empty texts for nothing."""
    names = found.unknown
    if found.has_module:
        run = (
            "--trust opens it as a network that runs: torch.load then runs whatever the file says, with your rights; "
            "its classes must be importable."
        )
        if any(each.startswith("__main__.") for each in names):
            run += " What it has of __main__ is of the script that saved it: --trust says what to do."
        return f"Read without running anything of it. {run}", run
    if not names:
        return "", ""
    things = "a class or function" if len(names) == 1 else f"{len(names):,} classes or functions"
    return f"It names {things} not known here ({listed(names)}): shown as written, and nothing of it was run.", ""


def _kind(roles: Roles, what: str) -> tuple[str, dict[str, str]]:
    """Return what it is for users, and as metadata where the network's state dict is, if it is not all there is."""
    if what:
        return what, {}
    main = roles.main()
    if main is not None and not main.path:
        return "torch module, pickled whole" if main.is_module else "torch state dict", {}
    name = "torch training checkpoint" if roles.optimizers else "torch checkpoint"
    if main is None:
        return name, {}
    kind = "module" if main.is_module else "state dict"
    return f"{name} with its {kind} under {shortened(main.path)!r}", {kind: main.path}


def explain(file: DataFile, error: Exception) -> SourceError | None:
    """Return the refusal of a torch file for an error of its archive or pickle; None for another sort of error."""
    if isinstance(error, BrokenArchive):
        return broken(file.name, str(error))
    if isinstance(error, BrokenPickle):
        return broken(file.name, f"its pickle {error}")
    return None


def broken(name: str, why: str) -> SourceError:
    """Return the refusal of a file that is damaged; `why` goes on from `NAME is damaged: `."""
    return SourceError(f"{name} is damaged: {why}", AGAIN)

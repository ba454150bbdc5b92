"""What is to be opened of a folder, found by looking at names alone: its own weights, parts of a whole, or a choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ...tree.natural import natural_key
from ..shards.names import choose_weights
from . import names
from .listing import DEPTH_LIMIT, FolderListing, Looker

_ALSO_DEPTH = 3
"""Folders below weights that are looked into, to say that they hold some too."""


class Planned(NamedTuple):
    """One part of a whole: a file, or a folder with a plan of its own."""

    name: str
    """Its name in the tree; "" for what stands at the root."""
    of: Path | FolderPlan
    beside: bool = False
    """Whether it is no network."""

    @property
    def path(self) -> Path:
        """Return where it lies."""
        return self.of.path if isinstance(self.of, FolderPlan) else self.of


@dataclass(slots=True)
class FolderPlan:
    """What a folder holds.  Exactly one of `own`, `parts` and `choices` is there."""

    path: Path
    own: bool = False
    """Whether it is opened by a format of its own: weights, shards, a distributed checkpoint."""
    parts: list[Planned] = field(default_factory=list)
    """What makes one whole; one that is the folder itself is its own weights."""
    choices: list[Path] = field(default_factory=list)
    """Alternatives, the most wanted first."""
    latest: str = ""
    """The name of the choice that a file beside them names as the latest."""
    what: str = ""
    """What the whole is for users; empty for what its main part is."""
    also: list[Path] = field(default_factory=list)
    """What holds weights too, and is not opened."""
    note: str = ""
    """A sentence for the user."""
    warnings: list[str] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)
    """Class names of the parts, by name."""
    metadata: dict[str, Any] = field(default_factory=dict)

    def not_opened(self) -> list[Path]:
        """Return what holds weights too and is not opened, of the parts as well."""
        inner = (path for part in self.parts if isinstance(part.of, FolderPlan) for path in part.of.not_opened())
        opened = {part.path for part in self.parts}
        return [*self.also, *(path for path in inner if path not in opened and path not in self.also)]


FolderLayout = Callable[[FolderListing, "Planner", int], "FolderPlan | None"]
"""Return the plan of a folder that some program wrote in its own way; None for any other.  The number is the depth."""


class Planner:
    """Makes the plans of a folder and those below it; `layouts` are tried first."""

    def __init__(self, looker: Looker, layouts: tuple[FolderLayout, ...]) -> None:
        self._looker = looker
        self._layouts = layouts

    def plan(self, path: Path, depth: int = 0) -> FolderPlan | None:
        """Return the plan of a folder; None where nothing in it can be opened, or it was looked at before."""
        listing = self._looker.listing(path, depth)
        if listing is None:
            return None
        for layout in self._layouts:
            found = layout(listing, self, depth)
            if found is not None:
                return found
        return self._any(listing, depth)

    def below(self, listing: FolderListing, depth: int) -> list[tuple[str, FolderPlan]]:
        """Return the folders in a folder that hold something, each with its plan."""
        plans = ((name, self.plan(listing.path / name, depth + 1)) for name in listing.folders)
        return [(name, plan) for name, plan in plans if plan is not None]

    def _any(self, listing: FolderListing, depth: int) -> FolderPlan | None:
        distributed = is_distributed_folder(listing)
        chosen = None if distributed else choose_weights(listing.files, beside=False)
        beside = names.beside_files(listing.files, all_beside=distributed)
        if not distributed and chosen is None:
            return self._of_folders(listing, beside, depth)
        if chosen is not None and (several := names.alternatives(names.of_one_kind(listing.files, chosen))):
            return FolderPlan(listing.path, choices=[listing.path / name for name in newest_first(several)])
        alone = chosen is None or names.stands_alone(listing.files, chosen)
        below = self.below(listing, max(depth, DEPTH_LIMIT - _ALSO_DEPTH) if alone else depth)
        parts = [*_files(listing, beside), *_beside_folders(below, "latest" in listing.files)]
        inside = {part.path for part in parts}
        others = [] if chosen is None else names.not_chosen(listing.files, chosen)
        also = [
            *(listing.path / name for name in others),
            *(plan.path for _, plan in below if plan.path not in inside),
        ]
        if chosen is not None and not alone and names.differ(chosen, also):
            loose = [listing.path / name for name in newest_first(names.stray_weights(listing.files))]
            mains = [each for each in below if each[1].path not in inside]
            return FolderPlan(listing.path, choices=[*loose, *_leaves(mains)])
        if not parts:
            return FolderPlan(listing.path, own=True, also=also)
        return FolderPlan(listing.path, parts=[Planned("", listing.path), *parts], also=also)

    def _of_folders(self, listing: FolderListing, beside: list[str], depth: int) -> FolderPlan | None:
        """Return the plan of a folder without weights of its own."""
        path = listing.path
        below = self.below(listing, depth)
        side = [(name, plan) for name, plan in below if names.is_beside_folder(name)]
        mains = [each for each in below if each not in side]
        if not mains:
            mains, side = side, []
        if not mains:
            return FolderPlan(path, own=True) if beside else None
        besides = [*_files(listing, beside), *(Planned(name, plan, beside=True) for name, plan in side)]
        ranks = [name for name, _ in mains if names.is_rank_folder(name)]
        if len(mains) == 1:
            return _around(path, mains[0][1], besides)
        if len(ranks) == len(mains):
            note = f"{len(mains):,} ranks: each holds its part of the tensors, below its name"
            return FolderPlan(path, parts=[*(Planned(*each) for each in mains), *besides], what="ranks", note=note)
        if besides and not all(names.is_step(name) for name, _ in mains):
            return FolderPlan(path, parts=[*(Planned(*each) for each in mains), *besides], what="checkpoints")
        return FolderPlan(path, choices=list(_leaves(mains)), latest=latest_of(listing))


def _around(path: Path, inner: FolderPlan, besides: list[Planned]) -> FolderPlan:
    """Return the plan of a folder whose weights all lie in one folder in it."""
    if not besides or inner.choices:
        return inner
    return FolderPlan(path, parts=[Planned("", inner), *besides])


def is_distributed_folder(listing: FolderListing) -> bool:
    """Return whether a folder holds a checkpoint of torch.distributed."""
    return any(
        name.endswith(".distcp") or (name.endswith(".metadata") and name.startswith((".", "__")))
        for name in listing.files
    )


def newest_first(found: list[str]) -> list[str]:
    """Return names in natural order, of steps of a run those with larger numbers first."""
    return sorted(found, key=natural_key, reverse=any(map(names.is_step, found)))


def _files(listing: FolderListing, files: list[str]) -> Iterator[Planned]:
    for name in files:
        yield Planned(names.stem(name), listing.path / name, beside=True)


def _beside_folders(below: list[tuple[str, FolderPlan]], deepspeed: bool) -> Iterator[Planned]:
    steps = [name for name, _ in below if name.startswith("global_step")]
    for name, plan in below:
        if names.is_beside_folder(name) or (deepspeed and steps == [name]):
            yield Planned(name, plan, beside=True)


def _leaves(mains: list[tuple[str, FolderPlan]]) -> Iterator[Path]:
    steps = all(names.is_step(name) for name, _ in mains)
    for _, plan in sorted(mains, key=lambda each: natural_key(each[0]), reverse=steps):
        yield from plan.choices or [plan.path]


def latest_of(listing: FolderListing) -> str:
    """Return the name of the folder that a file beside it names as the latest; empty where none does."""
    from ..unrecognised.diagnosis import read_piece

    for file, form in (("latest", "{}"), ("latest_checkpointed_iteration.txt", "iter_{:0>7}")):
        if file in listing.files:
            text = form.format(read_piece(listing.path / file, 0, 200).decode("utf-8", "replace").strip())
            return next((name for name in listing.folders if name == text), "")
    return ""

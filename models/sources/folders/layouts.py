"""Folders that a program writes in its own way: a pipeline of diffusers, a model of sentence-transformers, ranks.

See https://huggingface.co/docs/diffusers/using-diffusers/loading for `model_index.json`; the others are as their
libraries write them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..huggingface import settings_of
from ..json_values import NotJson
from ..wording import listed, shortened
from . import names
from .listing import FolderListing
from .plan import FolderLayout, FolderPlan, Planned, Planner

_PART_LIMIT = 100
"""Components that a list of them may name."""


def _pipeline(listing: FolderListing, planner: Planner, depth: int) -> FolderPlan | None:
    """Return the plan of a pipeline of diffusers: `model_index.json` names the components, a folder each."""
    index = _json(listing.path, listing, "model_index.json")
    if not isinstance(index, dict):
        return None
    plan = FolderPlan(listing.path, metadata={"model_index": index})
    missing = []
    there = set(listing.folders)
    for name, value in list(index.items())[:_PART_LIMIT]:
        if name.startswith("_") or not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
            continue
        inner = planner.plan(listing.path / name, depth + 1) if name in there else None
        if inner is not None:
            plan.parts.append(Planned(name, inner))
            plan.classes[name] = shortened(value[1])
        elif name not in there:
            missing.append(name)
        else:
            plan.metadata |= _component_settings(listing.path / name, name)
    if not plan.parts:
        return None
    name = index.get("_class_name")
    plan.classes[""] = name if isinstance(name, str) else ""
    plan.what = "diffusers pipeline"
    plan.also = [listing.path / name for name in names.stray_weights(listing.files)]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        plan.warnings.append(f"{listed(missing)} {are} named by model_index.json, but not there")
    return plan


def _component_settings(folder: Path, name: str) -> dict[str, Any]:
    """Return the settings of a component without weights: a scheduler, a feature extractor, a tokenizer."""
    found, _ = settings_of(folder, frozenset(each.name for each in folder.glob("*.json")))
    return {name: found} if found else {}


def _modules(listing: FolderListing, planner: Planner, depth: int) -> FolderPlan | None:
    """Return the plan of a model of sentence-transformers with weights in several of its modules."""
    modules = _json(listing.path, listing, "modules.json")
    if not isinstance(modules, list) or not any(isinstance(each, dict) and "type" in each for each in modules):
        return None
    parts: list[Planned] = []
    classes = {"": "SentenceTransformer"}
    for module in modules[:_PART_LIMIT]:
        if not isinstance(module, dict):
            continue
        name, place, kind = (module.get(key) for key in ("name", "path", "type"))
        if not isinstance(name, str) or not isinstance(place, str):
            continue
        if place == "" and names.has_weights(listing.files):
            parts.append(Planned(name, listing.path))
        elif place in listing.folders and (inner := planner.plan(listing.path / place, depth + 1)) is not None:
            parts.append(Planned(name, inner))
        else:
            continue
        classes[name] = str(kind).rpartition(".")[2]
    if len(parts) < 2:
        return None
    return FolderPlan(listing.path, parts=parts, what="sentence-transformers model", classes=classes)


def _deepspeed(listing: FolderListing, planner: Planner, depth: int) -> FolderPlan | None:
    """Return the plan of one step of DeepSpeed: files of the network and of the optimizer, one a rank."""
    models, optimizers = names.deepspeed_files(listing.files)
    if not models and not optimizers:
        return None
    plan = FolderPlan(listing.path, what="DeepSpeed checkpoint")
    whole = len(models) == 1
    plan.parts = [Planned("" if whole else names.deepspeed_part(name), listing.path / name) for name in models]
    plan.parts += [Planned(names.stem(name), listing.path / name, beside=True) for name in optimizers]
    if any("zero_pp_rank" in name for name in models) or not models:
        plan.note = (
            "ZeRO 3: each rank holds its slice of the flattened parameters; "
            "`python zero_to_fp32.py . OUT`, in the folder of `latest`, writes them whole."
        )
    return plan


def _ranks(listing: FolderListing, planner: Planner, depth: int) -> FolderPlan | None:
    """Return the plan of a folder with a file for each rank, `consolidated.00.pth`: their tensors have one name."""
    files = names.rank_files(listing.files)
    if not files:
        return None
    note = f"{len(files):,} ranks: each holds its part of the tensors, below its name"
    parts = [Planned(names.stem(name), listing.path / name) for name in files]
    parts += [Planned(names.stem(name), listing.path / name, beside=True) for name in names.beside_files(listing.files)]
    return FolderPlan(listing.path, parts=parts, what="ranks", note=note)


def _accelerate(listing: FolderListing, planner: Planner, depth: int) -> FolderPlan | None:
    """Return the plan of what accelerate saves of several models: a file for each."""
    files = names.models_of_accelerate(listing.files)
    beside = names.beside_files(listing.files)
    if not files or not beside:
        return None
    parts = [Planned(names.stem(name), listing.path / name) for name in files]
    parts += [Planned(names.stem(name), listing.path / name, beside=True) for name in beside]
    return FolderPlan(listing.path, parts=parts, what="training checkpoint")


def _json(folder: Path, listing: FolderListing, name: str) -> Any:
    from ..huggingface import read_json

    if name not in listing.files:
        return None
    try:
        return read_json(folder / name)
    except NotJson:
        return None


LAYOUTS: tuple[FolderLayout, ...] = (_pipeline, _modules, _deepspeed, _ranks, _accelerate)
"""In the order in which they are tried."""

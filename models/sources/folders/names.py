"""What the names in a folder say: which files lie beside weights, which are one rank's, which are steps of a run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from ...tree.natural import natural_key
from ..shards.names import ENDINGS, Chosen, choose_weights, is_beside, is_named_whole, set_of, shard_name

MERGED_LIMIT = 500
"""Files without numbers that are taken for parts of one checkpoint, at most."""

_BESIDE_FOLDER = re.compile(r"(distrib_)?optim(izers?|_states?)?([._-].*)?|(lr_)?scheduler([._-].*)?", re.IGNORECASE)
_RANK_FOLDER = re.compile(r"(mp|tp|pp|dp|ep|zero_pp|model_parallel)?_?rank_?\d+(\D.*)?", re.IGNORECASE)
_RANK_FILE = re.compile(r"consolidated\.\d+\.\w+|(.*[._-])?(mp|tp|pp|dp)?_?rank_?\d+([._-].*)?\.\w+", re.IGNORECASE)
_DEEPSPEED = re.compile(r"(.+)_(model|optim)_states\.pt")
_STEP = re.compile(
    r"(.*[^a-z])?(checkpoint|ckpt|global_?step|steps?|iter(ation)?|epochs?|ep|version|run|trial|fold|seed|snapshot|save)"
    r"\D{0,3}\d.*",
    re.IGNORECASE,
)
_STATE_OF_RUN = re.compile(r"(.*[^a-z])?(last|best|final|latest|ema|averaged)([^a-z].*)?", re.IGNORECASE)
_ADDED = re.compile(r"mmproj|projector|imatrix", re.IGNORECASE)


def beside_files(files: Collection[str], all_beside: bool = False) -> list[str]:
    """Return the files that programs write beside the weights: optimizer, scheduler, states of random generators.

    With `all_beside` every file that may hold tensors is one.
    """
    return sorted(name for name in files if _may_hold(name) and (all_beside or is_beside(name)))


def is_beside_folder(name: str) -> bool:
    """Return whether a folder of this name holds an optimizer, and no network."""
    return _BESIDE_FOLDER.fullmatch(name) is not None


def is_step(name: str) -> bool:
    """Return whether a file or folder of this name is one state of a run among others: `checkpoint-500`."""
    return _STEP.fullmatch(name) is not None


def is_rank_folder(name: str) -> bool:
    """Return whether a folder of this name holds what one rank saved: `mp_rank_00_001`."""
    return _RANK_FOLDER.fullmatch(name) is not None


def rank_files(files: Collection[str]) -> list[str]:
    """Return the files that one rank each saved, if all weights are such files and there are several; else none."""
    weights = [name for name in files if _may_hold(name) and not is_beside(name)]
    ranks = sorted(name for name in weights if _RANK_FILE.fullmatch(name))
    return ranks if len(ranks) > 1 and len(ranks) == len(weights) else []


def deepspeed_files(files: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the files of DeepSpeed that hold the network, and those that hold the optimizer."""
    found = [(match[2], name) for name in sorted(files) if (match := _DEEPSPEED.fullmatch(name))]
    return [name for kind, name in found if kind == "model"], [name for kind, name in found if kind == "optim"]


def deepspeed_part(name: str) -> str:
    """Return what a part of DeepSpeed's is called: `mp_rank_00` of `mp_rank_00_model_states.pt`."""
    return name.removesuffix(".pt").removesuffix("_model_states")


def has_weights(files: Collection[str]) -> bool:
    """Return whether one of the files has the name of weights."""
    return choose_weights(files, beside=False) is not None


def stray_weights(files: Collection[str]) -> list[str]:
    """Return the files with names of weights that lie beside folders of them."""
    return sorted(name for name in files if _may_hold(name) and not is_beside(name))


def not_chosen(files: Collection[str], chosen: Chosen) -> list[str]:
    """Return the files with names of weights that are not opened: other formats and variants of the chosen ones."""
    if chosen.index_name is None:
        opened = set(chosen.files)
        if len(opened) == 1:  # of which the whole set is opened
            (one,) = map(shard_name, opened)
            opened |= set() if one is None else set(set_of(one, files).names)
        return [name for name in stray_weights(files) if name not in opened]
    start = chosen.index_name.partition(".")[0]
    return [name for name in stray_weights(files) if (part := shard_name(name)) is None or part.stem != start]


def stem(name: str) -> str:
    """Return a file's name without its ending."""
    name = name.removesuffix(".tar")
    return name.rpartition(".")[0] or name


def stands_alone(files: Collection[str], chosen: Chosen) -> bool:
    """Return whether the chosen files are the folder's own model by custom, whatever lies beside them.

    So are several: as no alternatives by their names, they are taken for parts of one.
    """
    if len(chosen.files) != 1 or any(name in files for name in ("config.json", "adapter_config.json")):
        return True
    return any(map(is_named_whole, chosen.files))


def differ(chosen: Chosen, others: Collection[Path]) -> bool:
    """Return whether others are something else than the chosen files in another format."""
    stems = {stem(name) for name in chosen.files}
    return any(stem(path.name) not in stems for path in others)


def models_of_accelerate(files: Collection[str]) -> list[str]:
    """Return the files of several models that were saved together, `model.safetensors`, `model_1.safetensors`."""
    for first, ending in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        more = [name for name in files if re.fullmatch(rf"{first}_[1-9]\d*{re.escape(ending)}", name)]
        if more and first + ending in files:
            return [first + ending, *sorted(more, key=natural_key)]
    return []


def of_one_kind(files: Collection[str], chosen: Chosen) -> list[str]:
    """Return the chosen files; of GGUF all there are, since each file or set of shards is a model by itself."""
    if any(name.lower().endswith(".gguf") for name in chosen.files):
        return sorted(name for name in files if name.lower().endswith(".gguf"))
    return chosen.files


def alternatives(files: Sequence[str]) -> list[str]:
    """Return those of the chosen files that are alternatives by their names, one of each set of shards; else none.

    Steps of a run, the best and the last, quantisations of a GGUF file, and whatever there are too many of.
    """
    firsts: dict[tuple[str, int, str], str] = {}
    rest = []
    for name in sorted(files):
        shard = shard_name(name)
        if shard is None:
            rest.append(name)
        else:
            firsts.setdefault((shard.stem, shard.total, shard.ending), name)
    heads = [*firsts.values(), *rest]
    if len(heads) < 2:
        return []
    if len(heads) > MERGED_LIMIT:
        return heads
    if all(name.lower().endswith(".gguf") for name in heads):
        return heads if not any(_ADDED.search(name) for name in heads) or len(heads) > 2 else []
    return heads if all(is_step(name) or _STATE_OF_RUN.fullmatch(stem(name)) for name in heads) else []


def _may_hold(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(".")

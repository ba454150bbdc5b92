"""Which files of a folder are its weights, when the same weights may be there in several forms."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from .numbered import shard_name

ENDINGS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf")
"""Of files that may hold weights, the most wanted first.  Only a folder's files are chosen by name."""
_OWN_NAMES = ("model", "pytorch_model", "adapter_model", "diffusion_pytorch_model")
"""How programs call the one file with all weights, without its ending."""
_BESIDE = re.compile(r"(optimizer|scheduler|scaler|training_args|rng_state)([._-].*)?")
"""What programs write beside the weights while they train."""
_INDEX = re.compile(r".+\.index(\.[\w-]+)?\.json")


class Chosen(NamedTuple):
    index_name: str | None
    """The index to follow; None where there is none, or none for the most wanted files."""
    files: list[str]
    """Else the files that make one checkpoint."""
    others: list[str]
    """Files that hold weights too, maybe, and were not chosen."""


def chosen(names: Collection[str], beside: bool = True) -> Chosen | None:
    """What to open of the files with these names; None where none has the name of weights.

    What is written beside weights counts as such where nothing else is there, unless `beside` is false.
    """
    weights = sorted(name for name in names if name.lower().endswith(ENDINGS) and not name.startswith("."))
    wanted = [name for name in weights if not _BESIDE.fullmatch(name)]
    if beside and not wanted:
        wanted = weights
    indices = sorted((name for name in names if _INDEX.fullmatch(name)), key=lambda name: (len(name), name))
    for ending in ENDINGS:
        index = next((name for name in indices if ending in name.lower()), None)
        if index is not None:
            return Chosen(index, [], [])
        files = _of_one_form([name for name in wanted if name.lower().endswith(ending)])
        if files:
            return Chosen(None, files, [name for name in weights if name not in set(files)])
    return Chosen(indices[0], [], []) if indices else None


def _of_one_form(files: list[str]) -> list[str]:
    numbered = [name for name in files if shard_name(name)]
    if numbered:
        return numbered
    for stem in _OWN_NAMES:
        for name in files:
            if name.rpartition(".")[0] == stem:
                return [name]
    return files

"""What fits and what does not, once rules are taken: four lists, each entry with the reason where one is known."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .links import CERTAINTIES, Certainty, Link
from .name_lists import NameTemplate, name_templates
from .names import Shape, resized
from .proposal import SET_ASIDE, Proposal
from .sides import Side
from .votes import is_copy_name

ListName = Literal["matched", "missing", "unexpected", "shape", "dtype"]
LISTS: tuple[ListName, ...] = ("matched", "missing", "unexpected", "shape", "dtype")

_RECOMPUTED = re.compile(
    r"(^|\.)(inv_freq|original_inv_freq|position_ids|masked_bias|freqs|freqs_cis|freqs_cos|freqs_sin)$"
)
_QUANTISED = re.compile(r"\.(qweight|qzeros|g_idx|SCB|quant_state.*|absmax|quant_map|weight_format)$")
_FLAT = re.compile(r"(^|\.)_?flat_param(_\d+)?$")
_LORA = re.compile(r"\.lora_|\.lora\.|lora_magnitude")


_TRAINING = "state of training, not of a network"
_AGAIN = "recomputed by the network: may be left out"
_COUNTER = "a counter: left out by files of before PyTorch 0.4.1, and 0 then"
_NOT_NEEDED = ("tied to ", _TRAINING, _AGAIN, _COUNTER)


class Misfit(NamedTuple):
    """One name of one of the lists."""

    name: str
    """In the network; of `unexpected` in the file."""
    reason: str = ""


@dataclass
class Misfits:
    """What fits and what does not, with some rules taken."""

    taken: tuple[Certainty, ...]
    """The rules that are taken."""
    matched: list[Misfit] = field(default_factory=list)
    """Tensors of the network for which the file has one that fits."""
    missing: list[Misfit] = field(default_factory=list)
    """Tensors of the network for which the file has none."""
    unexpected: list[Misfit] = field(default_factory=list)
    """Tensors of the file that the network has no place for."""
    shape: list[Misfit] = field(default_factory=list)
    """Tensors of the network for which the file has one of another shape."""
    dtype: list[Misfit] = field(default_factory=list)
    """Those of `matched` that have another dtype in the file, and are converted."""
    notes: list[str] = field(default_factory=list)
    """What may go wrong although the names fit, as sentences."""

    @property
    def fits(self) -> bool:
        """Return whether all of the network is loaded from all of the file, but for what neither needs.

        That is a tensor that is tied to a loaded one, a counter, the state of training, and what is recomputed.
        """
        needed = (each for each in (*self.missing, *self.unexpected) if not each.reason.startswith(_NOT_NEEDED))
        return not self.shape and next(needed, None) is None


def misfits(proposal: Proposal, network: Side, file: Side, taken: tuple[Certainty, ...]) -> Misfits:
    """Return what fits and what does not with the rules of these certainties."""
    return misfits_of(proposal.taken(taken), network, file, taken)


def misfits_of(
    links: Iterable[Link], network: Side, file: Side, taken: tuple[Certainty, ...] = CERTAINTIES
) -> Misfits:  # fmt: skip
    """Return what fits and what does not where these links hold."""
    links = list(links)
    found = Misfits(taken, notes=_of_ties(links, network, file))
    filled: set[str] = set()
    used: set[str] = set()
    for link in links:
        filled.update(link.network)
        used.update(link.file)
        for name in link.network:
            reason = _wrong_shape(link, network.shapes[name], file.shapes[link.file[0]])
            (found.shape if reason else found.matched).append(Misfit(name, reason))
            theirs = file.dtypes.get(link.file[0], "")
            if not reason and theirs and network.dtypes.get(name, theirs) != theirs:
                found.dtype.append(Misfit(name, f"{theirs} in the file, {network.dtypes[name]} in the network"))
    for name in network.shapes:
        if name not in filled:
            found.missing.append(Misfit(name, _missing(name, network, filled)))
    found.unexpected = [Misfit(name, _unexpected(name, file.shapes)) for name in file.shapes if name not in used]
    beside = [name for name in file.state if name not in used]
    found.unexpected += [Misfit(name, _unexpected(name, file.shapes, beside=True)) for name in beside]
    return found


def _of_ties(links: Iterable[Link], network: Side, file: Side) -> list[str]:
    """Return a sentence where one tensor of the network is loaded from two of the file, which may differ."""
    sources = {name: link.file for link in links for name in link.network}
    pairs: list[tuple[str, str]] = []
    for name, source in sources.items():
        for twin in network.twins.get(name, ()):
            other = sources.get(twin, source)
            if other != source and other[0] not in file.twins.get(source[0], ()) and (twin, name) not in pairs:
                pairs.append((name, twin))
    if not pairs:
        return []
    more = f" (and {len(pairs) - 1:,} more such pairs)" if len(pairs) > 1 else ""
    one, two = pairs[0]
    return [
        f"{one} and {two} are one tensor in the network and two in the file{more}: where their values differ, "
        "those of one are lost."
    ]


def templates_by_reason(found: Iterable[Misfit]) -> list[tuple[str, NameTemplate]]:
    """Return the templates of names that have one reason, in the order of the first of each reason."""
    groups: dict[str, list[str]] = {}
    for each in found:
        groups.setdefault(each.reason, []).append(each.name)
    return [(reason, template) for reason, names in groups.items() for template in name_templates(names)]


def _wrong_shape(link: Link, ours: Shape, theirs: Shape) -> str:
    """Return what is wrong with the shapes of a pair; empty where they fit."""
    if link.how != "copy" or link.transposed or ours == theirs:
        return ""
    text = f"{list(theirs)} in the file, {list(ours)} in the network"
    if resized(theirs, ours):
        return f"{text}: the same tensor, resized"
    return text


def _missing(name: str, network: Side, filled: Iterable[str]) -> str:
    twin = next((each for each in network.twins.get(name, ()) if each in filled), None)
    if twin is not None:
        return f"tied to {twin}, which is loaded"
    if name.rpartition(".")[2] == "num_batches_tracked":
        return _COUNTER
    return ""


def copy_hint(name: str) -> str:
    """Return how a copy of the weights, such as `ema.…`, is had by itself; empty for what is none by its name."""
    parts = name.split(".")
    at = next((at for at, part in enumerate(parts) if is_copy_name(part)), None)
    return "" if at is None else f"save --match '{'.'.join(parts[: at + 1])}.*' makes a file of it alone"


def _unexpected(name: str, names: Container[str], *, beside: bool = False) -> str:
    """Return why the network has no place for a tensor of a file that has `names`.

    `beside`: the file has it beside the network.
    """
    last = name.rpartition(".")[2]
    if name.startswith(SET_ASIDE):
        return _TRAINING
    if _RECOMPUTED.search(name):
        return _AGAIN
    if _FLAT.search(name):
        return "a flat parameter of FSDP: several weights in one; only FSDP can part them"
    if _QUANTISED.search(name):
        return "a part of a quantised weight: it has to be unpacked first"
    module = name.removesuffix(last)
    if last in ("weight_orig", "weight_mask") and f"{module}weight_mask" in names:
        return "a part of a pruned weight: weight = weight_orig * weight_mask, computed and not renamed"
    if last in ("weight_u", "weight_v", "weight_orig") and f"{module}weight_orig" in names:
        return "a part of spectral norm: weight = weight_orig / (u · weight_orig · v), computed and not renamed"
    if last in ("weight_g", "weight_v"):
        return "a part of weight norm: weight = g * v / |v|, computed and not renamed"
    if last.startswith("original") and "parametrizations" in name:
        return "a part of a parametrized weight, computed and not renamed"
    if _LORA.search(name):
        return "of a LoRA adapter: the network has none here"
    if hint := copy_hint(name):
        return f"of another copy of the weights, by its name{f': {hint}' if beside else ''}"
    return ""

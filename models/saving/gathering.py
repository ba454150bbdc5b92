"""The tensors of an open model that may be saved, and what it has that is none.  Must not import torch by itself."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..checkpoint.tied import with_tied
from ..opened.open_model import OpenModel
from ..stored.signed import Signed
from .metadata import metadata_of
from .plan import Candidate, NotSaved

if TYPE_CHECKING:
    from torch import Tensor

    from ..stored.checkpoint import Checkpoint
    from ..stored.stored import Stored


class Gathered(NamedTuple):
    """What a source has."""

    candidates: list[Candidate]
    left_out: list[NotSaved]
    """What no file of tensors can hold, or no state dict has."""
    metadata: dict[str, str] | None
    """Those of its safetensors files; None where it has none."""


def tensors_of_checkpoint(model: OpenModel, checkpoint: Checkpoint) -> Gathered:
    """Return the tensors as they lie in the files: of a quantised weight its parts; a tied one under each name."""
    state = {facts.key for facts in model.named_tensors() if facts.kind == "state"}
    whole = with_tied(checkpoint, {**model.source.metadata, **checkpoint.metadata})
    found = [Candidate(each.path, each, each.entry, each.path in state, _refusal(each)) for each in whole.tensors]
    items = [NotSaved(each.path, f"no tensor: {each.type}") for each in checkpoint.items]
    return Gathered(found, items, metadata_of(checkpoint.files))


def _refusal(tensor: Stored) -> str:
    """Return why a tensor cannot be saved, where its numbers are not those that are read from the file."""
    if isinstance(tensor, Signed):
        return ""
    said = dict(tensor.notes)
    return next((said[bit] for bit in ("conj", "neg") if bit in said), "")


def tensors_of_network(model: OpenModel, state: Mapping[str, Any]) -> Gathered:
    """Return the tensors of the `state_dict()` of a network, as torch would save them.

    Left out is what it holds beside tensors, and the tensors of the network that it does not hold.
    """
    from torch import Tensor

    found, left_out = [], []
    for path, value in state.items():
        if isinstance(value, Tensor):
            found.append(_candidate(path, value))
        else:
            left_out.append(NotSaved(path, f"no tensor: {type(value).__name__}"))
    left_out += [NotSaved(facts.key, facts.lacked) for facts in _missing(model, state)]
    return Gathered(found, left_out, None)


def _missing(model: OpenModel, state: Mapping[str, Any]) -> Iterator[Any]:
    return (facts for facts in model.named_tensors() if facts.lacked and facts.key not in state)


def _candidate(path: str, tensor: Tensor) -> Candidate:
    from ..tensors.distributed import is_distributed
    from ..tensors.torch_readable import readable_of

    refusal = "it lies on several ranks" if is_distributed(tensor) else ""
    return Candidate(path, readable_of(tensor), _entry(tensor), refusal=refusal)


def _entry(tensor: Tensor) -> Hashable:
    """Return what is equal for tensors that are the same elements of one storage; None where none can share them."""
    try:
        if not tensor.numel():
            return None
        storage = tensor.untyped_storage()._cdata
        return (storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
    except Exception:  # sparse, lazy, or of a class of the user's own
        return None

"""Inference of a module's class in a checkpoint from the tensors in it and their names.

The result is a guess and is marked as inferred wherever it is shown.  The rules know the names that widespread
networks, libraries and quantisers write; where none fits there is no result.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .attention import attention
from .blocks import block, mixer, numbered, patches
from .facts import Children, Inferred, Module, OwnTensor
from .feed_forward import experts, feed_forward
from .norms import normed, vectors
from .quantised import packed
from .recurrent import recurrent
from .siblings import Beside, is_open, settled
from .weights import weighted
from .wrapped import adapters, flattened, low_rank, parametrization, reparametrised

__all__ = ["Beside", "Children", "Inferred", "OwnTensor", "infer", "is_open", "settled"]

_OF_TENSORS: tuple[Callable[[Module], Inferred | None], ...] = (
    flattened, packed, weighted, normed, recurrent, vectors, parametrization,
)  # fmt: skip
_OF_BOTH: tuple[Callable[[Module], Inferred | None], ...] = (
    flattened, low_rank, adapters, reparametrised, parametrization, patches, mixer, block, attention, experts,
    feed_forward, packed, numbered,
)  # fmt: skip


def infer(name: str, own: Mapping[str, OwnTensor], children: Mapping[str, Inferred | str | None]) -> Inferred | None:
    """Return the inferred class of a module; None where no rule fits.  Raises nothing, whatever a file holds.

    Args:
        name: the last part of its path.
        own: the tensors directly in it, by the last part of their paths.
        children: the modules directly in it, by the last part of their paths: of each the result of `infer`, or the
            name of its class where the file records that.  Values are accessed only where names fit: use `Children`.
    """
    module = Module(name, own, children)
    if own and not children:
        for rule in (*_OF_TENSORS, low_rank, reparametrised, experts):
            found = rule(module)
            if found is not None:
                return found
    for rule in _OF_BOTH if children else ():
        found = rule(module)
        if found is not None:
            return found
    return None

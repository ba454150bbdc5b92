"""What class a module of a checkpoint seems to have, told from the tensors in it and their names.

Nothing is known for sure: what comes out is marked as inferred wherever it is shown.  Rules know what widespread
networks and formats write; where they do not fit there is no answer.  Free of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .attention import attention
from .blocks import block, mixer, numbered, patches
from .facts import Children, Inferred, Leaf, Module
from .feed_forward import experts, feed_forward
from .norms import normed, vectors
from .quantised import packed, quant_state
from .recurrent import recurrent
from .weights import weighted
from .wrapped import adapters, low_rank, parametrization, reparametrised

__all__ = ["Children", "Inferred", "Leaf", "infer"]

_OF_TENSORS: tuple[Callable[[Module], Inferred | None], ...] = (
    packed, weighted, normed, recurrent, vectors, quant_state, parametrization,
)  # fmt: skip
_OF_BOTH: tuple[Callable[[Module], Inferred | None], ...] = (
    low_rank, adapters, reparametrised, parametrization, patches, mixer, block, attention, experts, feed_forward,
    packed, quant_state, numbered,
)  # fmt: skip


def infer(name: str, own: Mapping[str, Leaf], children: Mapping[str, Inferred | str | None]) -> Inferred | None:
    """The class of a module, None where it cannot be told.  Raises nothing, whatever a file holds.

    Args:
        name: the last part of its path.
        own: the tensors directly in it, by the last part of their paths.
        children: the modules directly in it; of each what `infer` told, or the name of its class where the file
            tells that.  A value is asked for only where the names fit, so use `Children`.
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

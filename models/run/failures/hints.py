"""The words for a failed forward: the families of causes, asked in order until one is certain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...live.live_tree import LiveTree
from ...tensors.plainly import plainly
from ..trace.record import Trace
from . import (
    arguments,
    attention,
    broadcasting,
    containers,
    convolution,
    devices,
    dtypes,
    einsum,
    embedding,
    indexing,
    joining,
    linear,
    losses,
    memory,
    misspelt,
    normalisation,
    recurrent,
    reshaping,
    results,
    truth,
    unpacking,
    writing,
)
from .failed_call import FailedCall, failed_call

FAMILIES: tuple[Callable[[FailedCall], str], ...] = (
    memory.hint,
    arguments.hint,
    results.hint,
    containers.hint,
    misspelt.hint,
    unpacking.hint,
    truth.hint,
    writing.hint,
    devices.hint,
    linear.hint,
    convolution.hint,
    normalisation.hint,
    embedding.hint,
    recurrent.hint,
    attention.hint,
    losses.hint,
    einsum.hint,
    joining.hint,
    reshaping.hint,
    indexing.hint,
    broadcasting.hint,
    dtypes.hint,
)
"""Each returns one line, the cause and what mends it, or nothing where it is not certain: a new family is one more."""


@contextmanager
def explaining(trace: Trace, tree: LiveTree) -> Iterator[None]:
    """Have `trace.hint` say why, when what is recorded into `trace` within fails; around `tracing`.

    Args:
        tree: the network's.
    """
    try:
        yield
    except Exception as error:
        trace.hint = _explained(error, trace, tree)
        raise
    finally:
        trace.maker_of = None  # it knows all tensors of the run


@plainly
def _explained(error: Exception, trace: Trace, tree: LiveTree) -> str:
    """Return what the first family says that knows the cause; empty for none.

    Where no call of the network failed, as where a statement takes a loss of its output, it is the operation that did.

    Called while the error is handled: what the call was given is read from its frames.
    """
    try:
        failed = failed_call(error, trace, tree)
    except Exception:  # of a class of the user's, which may raise anything
        return ""
    if failed is None:
        return ""
    if trace.failed is None:
        trace.failed_outside = failed.call
    for family in FAMILIES:
        try:
            found = family(failed)
        except Exception:  # the same
            continue
        if found:
            return found
    return ""

"""`one_of_batch`: of what a recurrent layer gives one of the batch is taken, where one of the steps is meant."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence

_TAKES_ONE = frozenset(("__getitem__", "select"))
_OPERATIONS = frozenset(("lstm", "gru", "rnn_tanh", "rnn_relu"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield where `[:, -1]` follows a layer whose batch is dimension 1, or `[-1]` one whose batch is dimension 0.

    Only where the sizes show which dimension was taken, the batch has more than one, and one alone is taken: what is
    gone through one by one may be nodes or parts, each with a head of its own.
    """
    taking: dict[int, list[Call]] = {}
    for call in evidence.calls:
        if call.op in _TAKES_ONE and len(call.producers) == 1 and call.producers[0].op in _OPERATIONS:
            taking.setdefault(id(call.producers[0]), []).append(call)
    for calls in taking.values():
        text = _said(evidence, calls[0])
        if text and len(calls) == calls[0].repeat == 1:
            call = calls[0]
            yield Finding(
                kind="one_of_batch",
                severity="warning",
                text=text,
                path=call.producers[0].module,
                call=call.index,
                where=call.where or None,
            )


def _said(evidence: Evidence, call: Call) -> str:
    """Return what is odd about taking a part of what a recurrent layer gave; empty for nothing."""
    path = call.producers[0].module
    node = evidence.tree.at(path)
    layer = None if node is None else node.item
    given, taken = sizes_of(call.inputs[0]) if call.inputs else None, sizes_of(call.output)
    if not isinstance(layer, nn.RNNBase) or given is None or len(given) != 3 or taken is None:
        return ""
    batch, steps = (given[0], given[1]) if layer.batch_first else (given[1], given[0])
    if batch == steps or min(batch, steps) < 2 or taken != (steps, given[2]):
        return ""
    name = f"`{path}`" if path else "the network"
    return (
        f"{name} gives {list(given)}, {steps:,} steps of a batch of {batch:,} (batch_first={layer.batch_first}), and "
        f"this takes one of the batch: `{'[:, -1]' if layer.batch_first else '[-1]'}` is the last step of each; "
        f"a batch of {steps:,} needs `batch_first={not layer.batch_first}`"
    )

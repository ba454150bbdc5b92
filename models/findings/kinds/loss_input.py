"""`loss_input`: a loss that is given what it does not take, such as `cross_entropy` the result of a softmax."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence
from ..same_elements import computed_by

_LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "KLDivLoss": "kl_div",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "BCELoss": "binary_cross_entropy",
}
"""The function that each layer is."""
_ACTIVATIONS = {
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
    "LogSoftmax": "log_softmax",
    "ReLU": "relu",
    "relu_": "relu",
    "sigmoid_": "sigmoid",
}  # fmt: skip
"""Likewise."""
_LINEAR = frozenset(("linear", "Linear", "conv1d", "Conv1d", "conv2d", "Conv2d", "conv3d", "Conv3d"))
"""What gives numbers of both signs."""
_LOGITS = "takes logits: leave {activation} out"
_TAKES = {
    "cross_entropy": {
        "softmax": "takes the softmax itself: give it what {activation} reads",
        "sigmoid": _LOGITS,
    },
    "binary_cross_entropy_with_logits": {
        "sigmoid": "takes the sigmoid itself: give it what {activation} reads",
        "softmax": _LOGITS,
        "logsigmoid": _LOGITS,
        "relu": "takes logits: with none of them below 0 each probability is 0.5 at least; leave {activation} out",
    },
    "nll_loss": {
        "softmax": "takes log-probabilities: `log_softmax` in its place fits, or `cross_entropy` of what it reads",
        "sigmoid": "takes log-probabilities: `logsigmoid` in its place fits",
    },
    "kl_div": {
        "softmax": "takes log-probabilities first: `log_softmax` in its place fits",
        "sigmoid": "takes log-probabilities first: `logsigmoid` in its place fits",
    },
}
"""What is wrong with each activation right before each loss: a `log_softmax` before `cross_entropy` changes nothing."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each loss that is given what it has within itself or cannot use, by its activation or its numbers."""
    for call in evidence.losses:
        loss = _LOSSES.get(call.op, call.op)
        text = "" if call.failed else _of_activation(loss, call) or (f"{loss} {call.odd}" if call.odd else "")
        if text:
            yield Finding(
                kind="loss_input",
                severity="warning",
                text=text,
                path=call.module,
                call=call.index if call.index >= 0 else None,
                where=call.where or None,
            )


def _of_activation(loss: str, call: Call) -> str:
    """Return what is wrong with the activation right before a loss; empty for nothing."""
    made_by = computed_by(call.subject) if loss in _TAKES else None
    if made_by is None:
        return ""
    activation = _ACTIVATIONS.get(made_by.op, made_by.op)
    what = _TAKES[loss].get(activation)
    if loss == "nll_loss" and made_by.op in _LINEAR:
        what = "takes log-probabilities: `log_softmax` before it fits, or `cross_entropy` in its place"
    if loss == "nll_loss" and activation == "log_softmax" and _is_along_batch(call.subject, made_by):
        what = "takes the classes from dimension 1: `dim=1` normalises those, `dim=0` the rows of the batch"
    if what is None:
        return ""
    name = f"`{made_by.module}`" if made_by.kind == "module" and made_by.module else made_by.op
    at = f" at {made_by.where}" if made_by.where and made_by.where != call.where else ""
    return f"{loss} reads what {name} gives{at}, and {what.format(activation=name)}"


def _is_along_batch(given: Call | None, softmax: Call) -> bool:
    """Return whether a softmax right before a loss normalised dimension 0 of what has a batch and classes.

    Of as many rows as columns it may be meant: what of each of the batch with each is right is on the diagonal.
    """
    sizes = sizes_of(softmax.output)
    if given is None or given.row_of() is not softmax or softmax.along != 0 or sizes is None:
        return False
    return len(sizes) > 1 and sizes[0] != sizes[1]

"""`loss_input`: a loss that is given what it does not take, such as `cross_entropy` the result of a softmax."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence
from ..same_elements import computed_by

_LOSSES = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "KLDivLoss": "kl_div",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}
"""The function that each layer is."""
_ACTIVATIONS = {
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
    "ReLU": "relu",
    "relu_": "relu",
    "sigmoid_": "sigmoid",
}  # fmt: skip
"""Likewise."""
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
    """Yield each loss whose prediction an activation gave that the loss has within itself, or cannot use."""
    for call in evidence.losses:
        loss = _LOSSES.get(call.op, call.op)
        if loss not in _TAKES or call.failed:
            continue
        made_by = computed_by(call.subject)
        if made_by is None:
            continue
        activation = _ACTIVATIONS.get(made_by.op, made_by.op)
        what = _TAKES[loss].get(activation)
        if what is None:
            continue
        name = f"`{made_by.module}`" if made_by.kind == "module" and made_by.module else made_by.op
        at = f" at {made_by.where}" if made_by.where and made_by.where != call.where else ""
        yield Finding(
            kind="loss_input",
            severity="warning",
            text=f"{loss} reads what {name} gives{at}, and {what.format(activation=name)}",
            path=call.module,
            call=call.index if call.index >= 0 else None,
            where=call.where or None,
        )

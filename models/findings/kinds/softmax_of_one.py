"""`softmax_of_one`: a softmax over a dimension of one element, which is 1 whatever the network has learnt."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ...run.trace.calls import Call, sizes_of
from ..evidence import Evidence
from ..same_elements import computed_by

_NAMES = frozenset(("softmax", "Softmax", "log_softmax", "LogSoftmax"))
_LINEAR = frozenset(("linear", "Linear"))


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a softmax over the last dimension behind a linear layer that has one output, whatever the input is.

    Over one key, as attention has it in its first step, it is 1 as well, and no mistake.
    """
    for call in evidence.calls:
        sizes = sizes_of(call.output)
        if call.op not in _NAMES or call.failed or sizes is None or len(sizes) < 2 or min(sizes[1:-1], default=2) < 2:
            continue
        layer = _computed(call)
        if sizes[-1] != 1 or call.along != len(sizes) - 1 or layer is None or layer.op not in _LINEAR:
            continue
        if sizes_of(layer.output) != sizes or (max(sizes) == 1 and call.producers[0].row_of() is not layer):
            continue  # another dimension than that of its outputs: one key, of which there is one in the first step
        name = f"`{layer.module}`" if layer.module else layer.op
        always = 0 if "og" in call.op else 1
        yield Finding(
            kind="softmax_of_one",
            severity="warning",
            text=f"{call.op} over a dimension of one element is always {always}: {name} gives one number for each row, "
            "which `sigmoid` makes a probability; of two classes a softmax needs 2 outputs",
            path=call.module,
            call=call.index,
            where=call.where or None,
        )


def _computed(call: Call) -> Call | None:
    """Return the row of the one call that computed what `call` read."""
    return computed_by(call.producers[0]) if len(call.producers) == 1 else None

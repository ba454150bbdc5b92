"""`shared_statistics`: one BatchNorm for several places, whose running statistics mix what goes through each."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...sources.wording import listed
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each such layer that keeps running statistics, as a note."""
    for node, module in evidence.modules():
        if not isinstance(module, nn.modules.batchnorm._NormBase) or module.running_mean is None:
            continue
        turns = [call for call in evidence.called.get(node.path, ()) if evidence.training_modes[call.index] == "train"]
        places = list(dict.fromkeys(call.where for call in turns))
        makers = {call.producers[0].row_of().module if call.producers else None for call in turns}
        if len(node.names) > 1:
            others = listed(node.shared_with)
            text = f"it stands for {others} too: its running statistics mix what goes through each of them"
            yield Finding(kind="shared_statistics", severity="note", text=text, path=node.path)
        elif len(turns) > 1 and len(makers) > 1:
            at = f" at {listed(places)}" if all(places) else ""
            text = (
                f"it is called {len(turns)} times{at} in one forward: its running statistics mix what goes through it"
            )
            call = turns[-1]
            yield Finding(
                kind="shared_statistics",
                severity="note",
                text=f"{text}, and in eval mode fit neither; a layer for each place has its own",
                path=node.path,
                call=call.index,
                where=call.where or None,
            )

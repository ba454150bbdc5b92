"""`buffer_changed`: what the last forward wrote into, such as the statistics of BatchNorm."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...opened.facts import amount
from ...sources.wording import listed
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the buffers, constants and parameters that the forward wrote into, those of one module together."""
    together: dict[tuple[str, str], list[str]] = {}
    for path in {} if evidence.trace is None else evidence.trace.written:
        node = evidence.tree.at(path)
        if node is not None:
            holder = evidence.tree.holder(node)
            written = together.setdefault((holder.path, node.kind), [])
            # batch_norm writes its statistics without counting up their version: torch only shows that of the counter
            counts = isinstance(holder.item, nn.modules.batchnorm._NormBase) and node.attribute == "num_batches_tracked"
            written += [each.path for each in evidence.tree.children_of(holder) if each.kind == "buffer"] * counts or [
                path
            ]
    for (module, kind), paths in together.items():
        assert evidence.trace is not None
        call = next(evidence.trace.written[path] for path in paths if path in evidence.trace.written).row_of()
        paths = list(dict.fromkeys(paths))
        names = listed([path.rpartition(".")[2] for path in paths])
        what = f"the {kind} {names}" if len(paths) == 1 else f"{amount(len(paths), kind)}: {names}"
        yield Finding(
            kind="buffer_changed",
            severity="note",
            text=f"the forward wrote into {what} ({call.op})",
            path=module,
            call=call.index if call.index >= 0 else None,
            where=call.where or None,
        )

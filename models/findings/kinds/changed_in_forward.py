"""`buffer_changed`: what the last forward wrote into, such as the statistics of BatchNorm."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...messages.findings import Finding
from ...opened.facts import amount
from ...sources.wording import listed
from ...tensors.tensors import class_name
from ..evidence import Evidence

_NAMES = {"set_data": "by an assignment to .data"}


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the buffers, constants and parameters that the forward wrote into, those of one module together.

    Modules of one class in which tensors of the same names were written are one finding, of the first.
    """
    together: dict[tuple[str, str], list[str]] = {}
    classes: dict[str, str] = {}
    failed = {call.module for call in evidence.calls if call.failed}
    for path in {} if evidence.trace is None else evidence.trace.written:
        node = evidence.tree.at(path)
        if node is not None:
            holder = evidence.tree.holder(node)
            classes[holder.path] = class_name(holder.item) if isinstance(holder.item, nn.Module) else ""
            written = together.setdefault((holder.path, node.kind), [])
            # batch_norm writes its statistics without counting up their version: torch only shows that of the counter
            counts = (
                isinstance(holder.item, nn.modules.batchnorm._NormBase)
                and node.attribute == "num_batches_tracked"
                and holder.path not in failed
            )
            written += [each.path for each in evidence.tree.children_of(holder) if each.kind == "buffer"] * counts or [
                path
            ]
    alike: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, list[str]]]] = {}
    for (module, kind), paths in together.items():
        names = tuple(dict.fromkeys(path.rpartition(".")[2] for path in paths))
        alike.setdefault((classes[module], kind, names), []).append((module, paths))
    for (module_class, kind, names), modules in alike.items():
        assert evidence.trace is not None
        module, paths = modules[0]
        call = next(evidence.trace.written[path] for path in paths if path in evidence.trace.written).row_of()
        what = f"the {kind} {names[0]}" if len(names) == 1 else f"{amount(len(names), kind)}: {listed(list(names))}"
        more = f", and of {len(modules) - 1:,} more `{module_class}`" if len(modules) > 1 else ""
        yield Finding(
            kind="buffer_changed",
            severity="note",
            text=f"the forward wrote into {what} ({_NAMES.get(call.op, call.op)}){more}",
            path=module,
            call=call.index if call.index >= 0 else None,
            where=call.where or None,
        )

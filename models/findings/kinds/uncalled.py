"""`weights_without_call`, `direct_forward`: modules whose weights were used though they were not called."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from torch import nn

from ...messages.findings import Finding, Severity
from ...run.trace.calls import Call
from ..evidence import Evidence

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each such module: a warning where it has hooks, which did not run.

    Those without, of which each layer has one of the same name, are one note.
    """
    if evidence.trace is None:
        return
    alike: dict[tuple[str, str], list[Finding]] = {}
    for path, read in evidence.trace.uncalled.items():
        node = evidence.tree.at(path)
        if node is None or not isinstance(node.item, nn.Module) or path in evidence.called:
            continue
        call = read.row_of()
        hooks = any(vars(node.item).get(name) for name in _HOOKS)
        severity: Severity = "warning" if hooks else "note"
        if path in evidence.trace.forward_called:
            lost = "its hooks did not run" if hooks else "hooks on it do not run"
            text = f"its forward was called by itself: {lost}; calling the module itself mends it"
            yield _finding("direct_forward", severity, text, path, call)
        else:
            lost = ", and its hooks did not run" if hooks else ": hooks on it do not run"
            text = f"{call.op} in {call.module or 'the network'} reads its weights without calling it{lost}"
            found = _finding("weights_without_call", severity, text, path, call)
            if hooks:
                yield found
            else:
                alike.setdefault((call.op, path.rpartition(".")[2]), []).append(found)
    for (_, name), notes in alike.items():
        more = f" (and {len(notes) - 1:,} more `{name}`)" if len(notes) > 1 else ""
        yield replace(notes[0], text=f"{notes[0].text}{more}")


def _finding(kind: str, severity: Severity, text: str, path: str, call: Call) -> Finding:
    index = call.index if call.index >= 0 else None
    return Finding(kind=kind, severity=severity, text=text, path=path, call=index, where=call.where or None)

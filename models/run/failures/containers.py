"""`nn.ModuleList` and `nn.ModuleDict`: called as a layer, or asked for one that they do not have."""

from __future__ import annotations

from torch import nn

from ...live.registered import registry_of
from .failed_call import FailedCall

_SHOWN = 10
"""Names that are listed."""


def hint(failed: FailedCall) -> str:
    """Return what a list or dict of modules does not do or have; empty for anything else."""
    module = failed.module
    if isinstance(failed.error, NotImplementedError) and type(module) in (nn.ModuleList, nn.ModuleDict):
        said = f"{failed.name} is a {type(module).__name__}, which only holds modules"
        return f"{said}: call them one by one, as in `for layer in layers: x = layer(x)`, or make it an nn.Sequential"
    if not isinstance(failed.error, (KeyError, IndexError)):
        return ""
    trace = failed.error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    names = {} if trace is None else trace.tb_frame.f_locals
    holder = names.get("self")
    if not isinstance(holder, (nn.ModuleList, nn.ModuleDict, nn.Sequential)):
        return ""
    has = [str(name) for name in registry_of(holder, "_modules")]
    path = next((node.path for node in failed.tree.modules() if node.item is holder), "")
    said = f"`{path}`" if path else f"a {type(holder).__name__}"
    if isinstance(failed.error, KeyError) and "key" in names:
        listed = ", ".join(repr(name) for name in has[:_SHOWN]) + (", …" if len(has) > _SHOWN else "")
        return f"{said} has no {names['key']!r}: it has {listed or 'nothing'}"
    if isinstance(failed.error, IndexError) and isinstance(names.get("idx"), int):
        which = f": 0 to {len(has) - 1}" if has else ""
        return f"{said} has {len(has)} modules{which}, and no {names['idx']}"
    return ""

"""A name that a module does not have: of a layer in its forward, or of `forward` itself."""

from __future__ import annotations

import re
from difflib import get_close_matches

from torch import nn

from ...live.registered import registry_of
from .failed_call import FailedCall, is_layer

_NO_NAME = re.compile(r"'(\w+)' object has no attribute '(\w+)'")
_REGISTRIES = ("_modules", "_parameters", "_buffers")


def hint(failed: FailedCall) -> str:
    """Return which name the failed module's class lacks, with the nearest that it has; empty for anything else."""
    module = failed.module
    if failed.is_operation or module is None or is_layer(module):
        return ""
    kind = type(module).__name__
    if isinstance(failed.error, NotImplementedError) and 'missing the required "forward"' in failed.message:
        near = get_close_matches("forward", _methods(module), 1)
        return f"the class {kind} defines no `forward`" + (f", but `{near[0]}`" if near else "")
    found = _NO_NAME.fullmatch(failed.message) if isinstance(failed.error, AttributeError) else None
    if found is None or found[1] != kind:
        return ""
    near = get_close_matches(found[2], _names(module), 1)
    return f"{kind} has no `{found[2]}`: the nearest name that it has is `{near[0]}`" if near else ""


def _methods(module: nn.Module) -> list[str]:
    """Return what the user's classes define, without what is Python's and torch's."""
    own = [kind for kind in type(module).__mro__ if kind is not object and not kind.__module__.startswith("torch.")]
    return [name for kind in own for name in vars(kind) if not name.startswith("_")]


def _names(module: nn.Module) -> list[str]:
    """Return what the user gave names in the module and its class."""
    registered = [str(name) for registry in _REGISTRIES for name in registry_of(module, registry)]
    return [*registered, *(name for name in vars(module) if not name.startswith("_")), *_methods(module)]

"""The modules, parameters and buffers registered below a module, read from the registries themselves.

A user's class may bring a `parameters()` or `named_modules()` of its own that takes arguments, raises or hides
something, may never have called `super().__init__()`, and may nest deeper than Python's stack.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


def registry_of(module: nn.Module, registry: str) -> Mapping[object, object]:
    """Return a registry of `module`, such as `_parameters`; an empty one if it has none or it cannot be read."""
    try:
        mapping = getattr(module, registry)
        return mapping if isinstance(mapping, dict) else dict(mapping.items())
    except Exception:  # never initialised; scripted and foreign modules compute their registries
        return {}


def modules_in(root: nn.Module) -> list[nn.Module]:
    """Return `root` and all modules registered below it, each once, in the order of `root.modules()`."""
    found: dict[int, nn.Module] = {}
    pending = [root]
    while pending:
        module = pending.pop()
        if id(module) not in found:
            found[id(module)] = module
            children = registry_of(module, "_modules").values()
            pending += [child for child in reversed(list(children)) if isinstance(child, nn.Module)]
    return list(found.values())


def parameters_in(root: nn.Module) -> list[Tensor]:
    """Return all parameters of `root`, each once, in the order of `root.parameters()`."""
    return _tensors(root, "_parameters")


def buffers_in(root: nn.Module) -> list[Tensor]:
    """Return all buffers of `root`, each once, in the order of `root.buffers()`."""
    return _tensors(root, "_buffers")


def _tensors(root: nn.Module, registry: str) -> list[Tensor]:
    found: dict[int, Tensor] = {}
    for module in modules_in(root):
        for tensor in list(registry_of(module, registry).values()):
            if isinstance(tensor, Tensor):
                found.setdefault(id(tensor), tensor)
    return list(found.values())


def training_of(module: nn.Module) -> bool | None:
    """Return the `training` flag of `module`; None where there is none, or it cannot be read."""
    try:
        return bool(module.training)
    except Exception:  # never initialised, or a property of the user's
        return None

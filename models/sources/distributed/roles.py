"""What belongs to what: an optimizer's state to its parameter, by the names under which both were saved."""

from __future__ import annotations

from collections.abc import Iterable

from ...stored.stored import StoredKind

_OPTIMIZERS = ("optim", "optimizer", "optimizers", "optimizer_state", "optimizer_states", "optim_state", "opt")
_STATE = "state"

Keys = tuple[str, ...]
"""The keys of the containers that a tensor's name was made of, the outermost first."""


def roles(names: Iterable[str], paths: dict[str, Keys]) -> tuple[dict[str, StoredKind], dict[str, list[str]]]:
    """Return the tensors that are an optimizer's, as kinds by name, and of each parameter the names of its state.

    `paths` are the keys of the containers that a name was made of: `optim.state.0.weight.exp_avg` was `optim`, `state`,
    `0.weight`, `exp_avg`.  Of a name that is not among them, all dots are taken for borders.
    """
    state: dict[str, Keys] = {}
    parameters: dict[str, list[str]] = {}  # by the end of their names
    for name in names:
        keys = paths.get(name) or tuple(name.split("."))
        if _is_state(keys):
            state[name] = keys
        else:
            parts = ".".join(keys).split(".")
            for start in range(len(parts))[:8]:
                parameters.setdefault(".".join(parts[start:]), []).append(name)
    links: dict[str, list[str]] = {}
    for name, keys in state.items():
        of = parameters.get(_parameter(keys), [])
        if len(of) == 1:
            links.setdefault(of[0], []).append(name)
    return dict.fromkeys(state, "state"), links


def _is_state(keys: Keys) -> bool:
    """Return whether it is below an optimizer's name, or of the form `state`, parameter, name by itself."""
    parts = ".".join(keys[:3]).split(".")
    return keys[0].lower() in _OPTIMIZERS or parts[0].lower() in _OPTIMIZERS or (parts[0] == _STATE and len(parts) > 2)


def _parameter(keys: Keys) -> str:
    """Return the parameter's name in `optim.state.NAME.exp_avg`; empty where there is none."""
    parts = ".".join(keys).split(".")
    if _STATE not in parts:
        return ""
    return ".".join(parts[parts.index(_STATE) + 1 : -1])

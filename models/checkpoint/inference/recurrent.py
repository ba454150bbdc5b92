"""A rule for recurrent layers and cells, by torch's names for their weights."""

from __future__ import annotations

from .facts import Inferred, Module, of_sizes

_BY_GATES = {1: "RNN", 3: "GRU", 4: "LSTM"}


def recurrent(module: Module) -> Inferred | None:
    """Infer an LSTM, GRU, RNN or a cell of these, `LSTM 10 → 20`; None for any other module."""
    last = "_l0" if "weight_ih_l0" in module.own else ""
    first, hidden = module.tensor(f"weight_ih{last}", 2), module.tensor(f"weight_hh{last}", 2)
    if first is None or hidden is None:
        return None
    rows, inputs = first.shape
    projection = module.tensor("weight_hr_l0", 2)
    size = hidden.shape[1] if projection is None else projection.shape[1]
    if hidden.shape[0] != rows or size < 1 or rows % size:
        return None
    kind = _BY_GATES.get(rows // size)
    if kind is None or (projection is not None and projection.shape[0] != hidden.shape[1]):
        return None
    if not last:
        return of_sizes(f"{kind}Cell", inputs, size)
    layers = sum(f"weight_ih_l{number}" in module.own for number in range(len(module.own)))
    more = [f"{layers} layers"] if layers > 1 else []
    if "weight_ih_l0_reverse" in module.own:
        more.append("bi")
    return of_sizes(kind, inputs, hidden.shape[1], ", ".join(more))

"""How large gradients are beside the parameters they are of: one parameter's, or those below a module together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class WeightNorms(NamedTuple):
    """The norm of a gradient, and that of what it is the gradient of; of several parameters, of all together."""

    gradient: float
    weight: float

    @property
    def relative(self) -> float | None:
        """Return the gradient's norm over the weight's; None where the weight is 0."""
        return self.gradient / self.weight if self.weight else None


def with_modules(parameters: Mapping[str, WeightNorms]) -> dict[str, WeightNorms]:
    """Return the norms of the parameters, and by path those of all below each module, a shared one once."""
    below: dict[str, dict[int, WeightNorms]] = {}
    for path, norms in parameters.items():
        above = path
        while above:
            above = above.rpartition(".")[0]
            below.setdefault(above, {})[id(norms)] = norms
    return {**{path: _together(each.values()) for path, each in below.items()}, **parameters}


def norms_at(parameters: Mapping[str, WeightNorms], path: str) -> WeightNorms | None:
    """Return the norms of the parameter at `path`, or of all below the module there; None where none has a gradient."""
    if path in parameters:
        return parameters[path]
    below = {id(norms): norms for name, norms in parameters.items() if not path or name.startswith(f"{path}.")}
    return _together(below.values()) if below else None


def hypot(norms: Iterable[float]) -> float:
    """Return the norm of what has these norms in its parts; NaN where a part holds such, even beside an infinity."""
    known = list(norms)
    return math.nan if any(map(math.isnan, known)) else math.hypot(*known)


def _together(norms: Iterable[WeightNorms]) -> WeightNorms:
    pairs = list(norms)
    return WeightNorms(hypot(each.gradient for each in pairs), hypot(each.weight for each in pairs))

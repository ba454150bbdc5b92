"""Where the generators of random numbers stand: those of the process, and those with a name in the console."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .record import RestoreError


def random_state() -> dict[str, Any]:
    """Return the states of the generators of torch, Python and NumPy, as far as they are in use."""
    state: dict[str, Any] = {"torch": torch.default_generator.get_state(), "python": random.getstate()}
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        state["numpy"] = numpy.get_state()
    return state


def set_random_state(state: dict[str, Any]) -> None:
    """Put back what `random_state` returned."""
    torch.default_generator.set_state(state["torch"])
    random.setstate(state["python"])
    if "cuda" in state:
        torch.cuda.set_rng_state_all(state["cuda"])
    if "numpy" in state:
        sys.modules["numpy.random"].set_state(state["numpy"])


class RandomRecord:
    """Where the generators stood when the record was made: a few kB each.

    Args:
        names: the console's names, of which those bound to a `torch.Generator` are recorded too.
    """

    __slots__ = ("_named", "_state")

    def __init__(self, names: Mapping[str, object]) -> None:
        self._state = random_state()
        found = [value for value in list(names.values()) if type(value) is torch.Generator]
        self._named = [(generator, generator.get_state()) for generator in found]

    def changed(self) -> bool:
        """Return whether numbers were drawn, or a seed was set."""
        return not is_same_random(self._state, random_state()) or any(
            not torch.equal(generator.get_state(), state) for generator, state in self._named
        )

    def now(self) -> RandomRecord:
        """Return a record of where the same generators stand now."""
        record = RandomRecord({})
        record._named = [(generator, generator.get_state()) for generator, _ in self._named]
        return record

    def restore(self) -> None:
        """Let the generators draw the same numbers again.

        Raises:
            RestoreError: one does not take its state, as a GPU's that is gone.
        """
        try:
            set_random_state(self._state)
            for generator, state in self._named:
                generator.set_state(state)
        except RuntimeError as exc:
            raise RestoreError(str(exc).split("\n")[0]) from exc


def is_same_random(one: Any, other: Any) -> bool:
    """Return whether two states, as `random_state` returns them, are the same, whatever their parts are."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        # a generator that came into use meanwhile stood nowhere before
        return isinstance(other, dict) and all(name in other and is_same_random(one[name], other[name]) for name in one)
    if isinstance(one, list) or (isinstance(one, tuple) and len(one) < 10):
        return len(one) == len(other) and all(map(is_same_random, one, other))
    return one.tobytes() == other.tobytes() if hasattr(one, "tobytes") else bool(one == other)

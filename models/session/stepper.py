"""The optimizer with which steps by key go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.optim import Optimizer


class Stepper:
    """The optimizer of the last steps, to go on with."""

    def __init__(self) -> None:
        self.optimizer: Optimizer | None = None
        self.name = ""
        """By which the console has it."""
        self.count = 0
        """Steps that it has taken."""
        self.made_for: dict[str, object] = {}
        """What must be the same for the next steps to go on with it, by what that is called."""

    def why_not(self, names: Mapping[str, object], wanted: Mapping[str, object], anew: bool) -> str:
        """Return why the next steps take a new optimizer; empty where they go on with this one.

        Args:
            names: the console's.
            wanted: as `made_for`.
            anew: whether the user wants a new one.
        """
        if self.optimizer is None:
            return "the first"
        if anew:
            return "as you chose"
        if names.get(self.name) is not self.optimizer:
            return f"{self.name} is another by now"
        changed = [what for what, value in wanted.items() if self.made_for.get(what) != value]
        return f"another {changed[0]}" if changed else ""

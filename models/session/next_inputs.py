"""The inputs of the next forward: what the network is called with unless the console says otherwise."""

from __future__ import annotations

from typing import Any

from ..messages import RunMode


class NextInputs:
    """The arguments that the network was opened with or that were set since; none at first."""

    def __init__(self) -> None:
        self.arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        """The positional and the keyword arguments."""
        self.text = ""
        """The same as text; empty when there are none."""
        self.guessed_from = ""
        """What in the network they were inferred from: `fc (Linear)`; empty where they were given."""
        self.origin = ""
        """Where they come from, in a few words."""
        self.mode = RunMode()
        """What is switched for the time of a forward: of `f` and a run without values, not of a statement's."""
        self._specs: list[tuple[object, str]] = []

    def use(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        text: str,
        origin: str,
        specs: list[tuple[object, str]],
        guessed_from: str = "",
    ) -> dict[str, Any]:
        """Make these the inputs, and return them by the names that the console has for them.

        Args:
            args, kwargs: as the network is called with them.
            text, origin, guessed_from: as the attributes are.
            specs: those of them that a SPEC made, each with its SPEC.
        """
        self.arguments, self.text, self.origin, self._specs = (args, kwargs), text, origin, specs
        self.guessed_from = guessed_from
        names: dict[str, Any] = {"X": args[0]} if args else {}
        names |= {"args": args, "kwargs": kwargs}
        if kwargs and not args:
            names["inputs"] = kwargs
        return names

    def spec_of(self, value: object) -> str:
        """Return the SPEC that an input was made from; empty for another value."""
        return next((text for made, text in self._specs if made is value), "")

    def call(self) -> str:
        """Return how the console calls the network with the names that they are bound to."""
        args, kwargs = self.arguments
        if not kwargs:
            return "net(X)" if len(args) < 2 else "net(*args)"
        if not args:
            return "net(**inputs)"
        return "net(X, **kwargs)" if len(args) == 1 else "net(*args, **kwargs)"

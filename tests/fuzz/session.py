"""What is played: a session and its steps, as plain data that JSON can hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple


class Step(NamedTuple):
    """One thing that happens in the terminal.

    `do` and what `what` then is:
        keys: names of keys, each in a write of its own, nothing awaited between
        calm: names of keys, the program at rest after each
        burst: names of keys, all in one write
        paste: a text, bracketed as terminals do it
        raw: bytes, as a text of Latin-1
        mouse: [kind, column, row, button], kind one of press, release, move, click, double, wheel
        drag: [column, row, column, row]
        resize: sizes as [columns, rows], one after another
        statement: a text for the console's prompt
        engine: name of a signal for the engine's processes
        signal: name of a signal for the interface
        quiet: None; wait until no more output comes
        probe: None; the program must repaint the whole screen
    """

    do: str
    what: Any = None


@dataclass(frozen=True)
class Session:
    """A source, how the terminal is at the start, the steps, and how the program is left."""

    source: str
    steps: tuple[Step, ...]
    size: tuple[int, int] = (120, 40)
    """Columns and rows at the start."""
    answers: tuple[int, ...] = ()
    """Modes that the terminal says it knows when it is asked: 2026 synchronised output, 2048 resizes as reports."""
    leave: str = "q"
    """A key, the name of a signal, or `hang up`."""
    seed: str = ""
    """Where the steps come from; empty for those of a user."""

    def with_steps(self, steps: Iterable[Step]) -> Session:
        """The same with other steps."""
        return replace(self, steps=tuple(steps))

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "source": self.source,
            "seed": self.seed,
            "size": list(self.size),
            "answers": list(self.answers),
            "leave": self.leave,
            "steps": [list(step) if step.what is not None else [step.do] for step in self.steps],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Session:
        """The session that `to_json` wrote; only `source` and `steps` must be there.

        Raises:
            ValueError: it is none.
        """
        try:
            return cls(
                source=found["source"],
                steps=tuple(Step(*step) for step in found["steps"]),
                size=tuple(found.get("size", (120, 40))),
                answers=tuple(found.get("answers", ())),
                leave=found.get("leave", "q"),
                seed=found.get("seed", ""),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no session: {type(error).__name__}: {error}") from None

    @property
    def script(self) -> str:
        """One line that `python -m tests.fuzz replay` takes."""
        return json.dumps(self.to_json(), ensure_ascii=True, separators=(",", ":"))

    @property
    def keys(self) -> int:
        """How many keys are pressed."""
        return sum(len(step.what) for step in self.steps if step.do in ("keys", "calm", "burst"))

"""A session whose events are kept, and the context of a request that nobody cancels."""

from __future__ import annotations

from pathlib import Path

from models import messages as m
from models.session.session import Session
from models.session.statement import run_statement


class ObservedSession:
    """A session and the events that it emitted."""

    def __init__(self, source: str = "rgnet") -> None:
        self.events: list[object] = []
        self.session = Session(self.events.append)
        self.session.open(source)

    def run(self, text: str) -> m.Executed:
        done = run_statement(self.session, text)
        assert done.problem is None, done.problem
        return done

    def state_after(self, text: str) -> m.StateChanged:
        """Return the event on the state after running `text`."""
        self.run(text)
        event = self.events[-1]
        assert isinstance(event, m.StateChanged)
        return event

    def paths(self) -> list[str]:
        return [node.path for node in self.session.model.tree.nodes]


class NeverCancelled:
    """The context of a request that is never cancelled."""

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None:
        pass


def open_file(tmp_path: Path, text: str) -> ObservedSession:
    file = tmp_path / "nets.py"
    file.write_text(f"import torch\nfrom torch import nn\n{text}\n")
    return ObservedSession(f"{file}:Net")

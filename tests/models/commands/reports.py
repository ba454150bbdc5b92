"""Runs of the command run without its process: what its work sends, as the fields of a report."""

from __future__ import annotations

import json
from typing import Any

from torch import Tensor, nn

from models.commands.run_report import Report
from models.commands.run_work import Work
from models.commands.supervisor import WorkEnd
from models.session.session import Session


def opened(source: str = "mlp", *, seed: int = 0, inputs: list[str] | None = None) -> Session:
    session = Session()
    session.open(source, seed=seed, inputs=inputs)
    return session


def of(network: nn.Module, *args: Any, **kwargs: Any) -> Session:
    """A session with `network` in the place of the one that was opened."""
    session = opened()
    session.namespace["net"] = session.namespace[session.model.source.name] = network
    session.report_changes([], gradients=False)
    session.inputs.arguments = (args, kwargs)
    return session


def ran(session: Session, **options: Any) -> dict[str, Any]:
    report = Report()
    sent: list[tuple[str, list[Any]]] = []

    def send(name: str, *values: object) -> None:
        sent.append((name, json.loads(json.dumps(list(values)))))

    Work(session, send, **options).do()
    for name, values in sent:
        report.receive(name, values)
    report.end(WorkEnd("done"))
    return report.fields()


class Wrong(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)  # type: ignore[no-any-return]

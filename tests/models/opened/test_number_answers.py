"""Statistics of tensors that have several names, live and in a file; compared with the tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from models import messages as m
from models.engine.context import Context
from models.session.session import Session


class Nobody(Context):
    """The context of a request that nobody waits for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None:
        self.texts.append(text)


def table(session: Session, query: str = "", path: str = "") -> dict[str, m.Brief | None]:
    """The tensors that a filter leaves."""
    page = session.model.tensors(m.TensorRows(path=path, start=0, count=100, query=query), Nobody())
    return {row.path: row.statistics for row in page.rows}


class Tied(nn.Module):
    """One parameter in two layers, and a buffer under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(6, 4), nn.Linear(4, 6)
        self.head.weight = self.embed.weight
        self.register_buffer("one", torch.ones(3))
        self.register_buffer("other", self.one)
        with torch.no_grad():
            self.embed.weight.uniform_(-1, 1)[2, 3] = 9
            self.head.bias.fill_(-5)


def live() -> Session:
    session = Session()
    session.open("mlp")
    net = Tied()
    session.namespace["net"] = session.namespace[session.model.source.name] = net
    session.report_changes([], gradients=False)
    return session


def stored(folder: Path) -> Session:
    net = Tied()
    weight = torch.arange(9.0).view(3, 3)
    state = {**net.state_dict(), "square": weight, "turned": weight.t(), "again": weight}
    torch.save(state, folder / "tied.pt")
    session = Session()
    session.open(str(folder / "tied.pt"))
    return session


@pytest.mark.parametrize("kind", ["live", "stored"])
@pytest.mark.parametrize("asked", ["embed.weight", "head.weight"])
def test_one_name_is_enough_for_all(kind: str, asked: str, tmp_path: Path) -> None:
    session = live() if kind == "live" else stored(tmp_path)
    session.model.statistics(m.Statistics(path=asked), Nobody())
    assert set(table(session, "max>3")) == {"embed.weight", "head.weight"}


@pytest.mark.parametrize("kind", ["live", "stored"])
def test_statistics_of_a_part_hold_for_the_names_outside(kind: str, tmp_path: Path) -> None:
    session = live() if kind == "live" else stored(tmp_path)
    session.model.statistics_of_all(m.StatisticsOfAll(path="head"), Nobody())
    assert set(table(session, "max>3")) == {"embed.weight", "head.weight"}
    assert set(table(session, "max=-5")) == {"head.bias"}
    report = Nobody()
    session.model.statistics_of_all(m.StatisticsOfAll(path=""), report)
    assert not any("embed" in text or "head" in text for text in report.texts)  # they are known
    assert None not in table(session).values()
    assert set(table(session, "min=1")) == {"one", "other"}


def test_views_of_one_storage_are_the_same_only_where_their_elements_stand_alike(tmp_path: Path) -> None:
    session = stored(tmp_path)
    for path in ("square", "turned"):
        session.model.statistics(m.Statistics(path=path), Nobody())
    facts = {each.path: each for each in session.model.tensors_at("")}
    assert facts["square"].other_names == ["again"]
    assert facts["turned"].other_names == []
    found = session.model.statistics(m.Statistics(path="again"), Nobody())
    turned = session.model.statistics(m.Statistics(path="turned"), Nobody())
    assert (found.minimum_at, found.maximum_at) == ([0, 0], [2, 2])
    assert (turned.minimum_at, turned.maximum_at) == ([0, 0], [2, 2])


def test_after_a_change_no_name_keeps_the_old_ones() -> None:
    session = live()
    session.model.statistics(m.Statistics(path="embed.weight"), Nobody())
    session.root.get_parameter("head.weight").data.fill_(1)
    session.report_changes(["embed.weight", "head.weight"], gradients=False)
    assert table(session, "max>3") == {}


def test_what_is_complete_is_gone_through_no_more_but_only_where_nothing_changes(tmp_path: Path) -> None:
    for session, again in ((live(), True), (stored(tmp_path), False)):
        model = session.model
        first = model.statistics_of_all(m.StatisticsOfAll(path=""), Nobody())
        asked: list[str] = []
        tensors_at = model.tensors_at

        def watched(path: str, asked: list[str] = asked, tensors_at: Any = tensors_at) -> Any:
            asked.append(path)
            return tensors_at(path)

        model.tensors_at = watched  # type: ignore[method-assign]
        assert model.statistics_of_all(m.StatisticsOfAll(path=""), Nobody()) == first
        assert bool(asked) == again

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from models.messages import Body, GradientPage, LayerGradient, TreeRow
from tests.tui.fake_engine import FakeEngine
from tests.tui.stage import Stage, settled, until
from tui.widgets.grid.gradients_pane import GradientsPane
from tui.widgets.lists.lines import Lines


class Engine:
    """A fake engine whose gradients by depth are `norms`."""

    def __init__(self, *norms: float) -> None:
        self.tables = FakeEngine()
        self.layers = [LayerGradient(path=f"0.{at}", op="Linear", norm=norm) for at, norm in enumerate(norms)]

    async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        reply = await self.tables.request(body, answer, on_progress)
        if isinstance(reply, GradientPage) and reply.path == "0":
            reply = msgspec.structs.replace(reply, layers=self.layers)
        return reply


def module(path: str) -> TreeRow:
    return TreeRow(path=path, name=path, kind="module", depth=0, detail="")


async def shown(pane: GradientsPane, pilot: Pilot[None], path: str = "0") -> None:
    pane.show(path, module(path))
    await settled(pilot)
    await until(pilot, lambda: pane.table.path == path and pane.table.count)
    await settled(pilot)


@pytest.mark.parametrize("size", [(40, 13), (60, 25)])  # the pane in terminals of 80x24 and 120x40
async def test_the_layers_of_a_module_stand_above_its_parameters(size: tuple[int, int]) -> None:
    pane = GradientsPane(Engine(1e-9, 1e-6, 1e-3, 1.0).request)
    async with Stage(pane).run_test(size=size) as pilot:
        await shown(pane, pilot)
        title, *_, names = pane.depth.render().plain.splitlines()
        assert title == "gradient at 4 layers: 1e-09 … 1"
        assert names.split() == ["0", "3"]
        assert pane.depth.size.height + pane.table.size.height == size[1]
        assert pane.table.size.height >= 6, "the list keeps more than half"


async def test_few_layers_or_few_lines_have_no_picture() -> None:
    pane = GradientsPane(Engine(1.0, 1.0).request)
    async with Stage(pane).run_test(size=(60, 20)) as pilot:
        await shown(pane, pilot)
        assert not pane.depth.display
    pane = GradientsPane(Engine(1.0, 1.0, 1.0).request)
    async with Stage(pane).run_test(size=(60, 8)) as pilot:
        await shown(pane, pilot)
        assert pane.depth.size.height == 0
        assert pane.table.size.height == 8


async def test_another_module_or_a_tensor_takes_it_away() -> None:
    pane = GradientsPane(Engine(1.0, 1.0, 1.0).request)
    async with Stage(pane).run_test(size=(60, 20)) as pilot:
        await shown(pane, pilot)
        assert pane.depth.display
        await shown(pane, pilot, "0.block 0")
        assert not pane.depth.display
        await shown(pane, pilot)
        assert pane.depth.display
        pane.show("1.bias", TreeRow(path="1.bias", name="bias", kind="parameter", depth=1, detail="[1]"))
        await settled(pilot)
        assert not pane.depth.display


async def test_a_click_on_a_column_leads_to_its_layer() -> None:
    pane = GradientsPane(Engine(1e-9, 1e-6, 1e-3, 1.0).request)
    stage = Stage(pane, listen=(Lines.PathChosen,))
    async with stage.run_test(size=(60, 20)) as pilot:
        await shown(pane, pilot)
        chart = pane.depth._chart
        assert chart is not None
        await pilot.click(pane.depth, offset=(1 + chart.columns[2].start, 3))  # behind the padding
        await until(pilot, lambda: stage.posted)
        assert [message.path for message in stage.posted] == ["0.2"]

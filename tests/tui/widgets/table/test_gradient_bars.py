from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.tui.fake_checkpoint import checkpoint
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_networks import rgnet
from tests.tui.stage import settled
from tui.widgets.lists.lines import Lines
from tui.widgets.lists.shares import bar_of
from tui.widgets.table.gradient_bars import GradientBars


class BarsApp(App[None]):
    def __init__(self, engine: FakeEngine, path: str = "") -> None:
        super().__init__()
        self.engine = engine
        self.path = path
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield GradientBars(self.engine.request)

    def on_mount(self) -> None:
        self.bars.show(self.path)

    @property
    def bars(self) -> GradientBars:
        return self.query_one(GradientBars)

    def on_lines_path_chosen(self, message: Lines.PathChosen) -> None:
        self.chosen.append(message.path)


def engine() -> FakeEngine:
    fake = FakeEngine(rgnet())
    fake.gradients = {
        "0.block 0.0.weight": [3.0, 4.0],
        "0.block 0.0.bias": [0.0] * 8,
        "0.block 0.2.bias": [0.0025] * 4,
        "0.block 1.0.weight": [float("nan")],
    }
    fake.change("0.block 0.2.weight", frozen=True, gradient="")
    return fake


def shown(bars: GradientBars) -> list[str]:
    return [bars.render_line(y).text.rstrip() for y in range(bars.size.height)]


@pytest.mark.parametrize("width", [50, 80, 120, 200])
async def test_no_gradient_zero_and_frozen_are_distinguished_in_words(width: int) -> None:
    app = BarsApp(engine())
    async with app.run_test(size=(width, 22)) as pilot:
        await pilot.pause()
        await pilot.pause()
        weight, bias, frozen, small, broken, none = shown(app.bars)[1:7]
        assert weight.split()[-2] == "5"
        assert set(weight.split()[-1]) == {"█"}
        assert len(weight) == app.bars.view.width  # the largest fills the row
        assert bias.endswith("zero")
        assert frozen.endswith("frozen")
        assert small.split()[-2] == "0.005"
        assert small[-1] in "▏▎▍"
        assert broken.endswith("nan not finite")
        assert none.endswith("none yet")
        assert app.bars.max_scroll_x == 0


async def test_a_logarithmic_scale_shows_small_ones() -> None:
    app = BarsApp(engine())
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.pause()
        linear = len(shown(app.bars)[4].split()[-1])
        await pilot.press("L")
        await pilot.pause()
        full = len(shown(app.bars)[1].split()[-1])
        assert linear == 1
        assert len(shown(app.bars)[4].split()[-1]) == pytest.approx(full / 2, abs=1)  # 3 of 6 decades
        assert "logarithmic" in shown(app.bars)[0]


async def test_the_scale_follows_the_gradients() -> None:
    app = BarsApp(engine(), "0.block 0")
    async with app.run_test(size=(80, 22)) as pilot:
        await pilot.pause()
        assert (app.bars.count, app.bars.largest) == (4, 5.0)
        app.engine.gradients = {"0.block 0.2.bias": [2.0]}
        app.bars.show("0.block 0")
        await pilot.pause()
        await pilot.pause()
        assert app.bars.largest == 2.0
        assert shown(app.bars)[1].endswith("none yet")
        assert shown(app.bars)[4].endswith("█")
        await pilot.press("G", "enter")
        assert app.chosen == ["0.block 0.2.bias"]


async def test_without_parameters_it_says_so() -> None:
    app = BarsApp(FakeEngine(rgnet()), "0.block 0.1")
    async with app.run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        assert shown(app.bars)[1] == " No parameters here."


@given(st.floats(0, 1), st.integers(1, 100))
def test_a_bar_is_as_long_as_its_share_to_an_eighth(share: float, width: int) -> None:
    bar = bar_of(share, width)
    eighths = sum(8 if letter == "█" else " ▏▎▍▌▋▊▉".index(letter) for letter in bar)
    assert len(bar) <= width
    assert abs(eighths - share * width * 8) <= 1
    assert (eighths == 0) == (share == 0)


async def test_of_a_group_the_siblings_are_distinguished() -> None:
    fake = FakeEngine(checkpoint(3))
    fake.gradients = {node.row.path: [3.0, 4.0] for node in fake._tensors("model.layers.[0–2]")}
    app = BarsApp(fake, "model.layers.[0–2]")
    async with app.run_test(size=(100, 20)) as pilot:
        await settled(pilot)
        lines = [app.bars.render_line(y).text for y in range(1, 13)]
        assert [line[1:].split()[0] for line in lines][3:5] == ["0.norm1.bias", "1.self_attn.in_proj_weight"]


async def test_norms_of_a_step_that_is_over_say_so() -> None:
    class Training(FakeEngine):
        async def request(self, body: Any, answer: Any, /, on_progress: Any = None) -> Any:
            page = await super().request(body, answer, on_progress)
            rows = [page.rows[0], msgspec.structs.replace(page.rows[1], state="unread", norm=None), *page.rows[2:]]
            return msgspec.structs.replace(page, rows=rows, note="as of step 37\x1b[2J")

    app = BarsApp(Training(rgnet()))
    async with app.run_test(size=(120, 22)) as pilot:
        await settled(pilot)
        header, _, unread = shown(app.bars)[:3]
        assert "as of step 37" in header
        assert "\x1b" not in header
        assert unread.endswith("not read")


@pytest.mark.parametrize(("width", "text"), [(120, "detach at net.py:12 cuts it off"), (60, "detached net.py:12")])
async def test_why_there_is_no_gradient(width: int, text: str) -> None:
    class Detached(FakeEngine):
        async def request(self, body: Any, answer: Any, /, on_progress: Any = None) -> Any:
            page = await super().request(body, answer, on_progress)
            reason = {"cause": "detached", "reason": "detach at net.py:12 cuts it off", "where": "net.py:12"}
            row = msgspec.structs.replace(page.rows[0], state="unreached", norm=None, **reason)
            return msgspec.structs.replace(page, rows=[row, *page.rows[1:]])

    app = BarsApp(Detached(rgnet()))
    async with app.run_test(size=(width, 22)) as pilot:
        await settled(pilot)
        assert shown(app.bars)[1].endswith(f"none {text}")


async def test_norms_far_apart_have_a_logarithmic_scale_until_a_user_chooses() -> None:
    fake = FakeEngine(rgnet())
    fake.gradients = {"0.block 0.0.weight": [1.0], "0.block 0.0.bias": [1e-20], "0.block 0.2.weight": [1e-9]}
    app = BarsApp(fake)
    async with app.run_test(size=(80, 22)) as pilot:
        await settled(pilot)
        assert "logarithmic" in shown(app.bars)[0]
        full, least, some = (len(shown(app.bars)[line].split()[-1]) for line in (1, 2, 3))
        assert full > some > least >= 1, "each has a bar that can be seen"
        assert "█" in shown(app.bars)[2]
        app.bars.action_scale()
        app.bars.show("")
        await settled(pilot)
        assert not app.bars.logarithmic


def test_a_norm_whose_part_of_the_largest_no_float_holds_has_a_bar() -> None:
    bars = GradientBars(engine().request)
    bars.largest, bars.logarithmic, bars._decades = 1e200, True, 500
    assert 0 < bars._share(1e-200) < bars._share(1.0) < bars._share(1e200) == 1
    bars._decades = 100
    assert bars._share(1e-200) == 0

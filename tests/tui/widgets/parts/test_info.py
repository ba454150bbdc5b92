"""The facts of an object."""

from __future__ import annotations

from typing import Any

import pytest
from textual.containers import Vertical
from textual.selection import Selection

from models.messages import Body, Describe, Description, Fact, FactGroup, Problem
from models.messages.errors import EngineProblem
from tests.tui.stage import Stage, lines_of, settled
from tui.widgets.parts.info import Info

LONG = "uniform(-0.5, 0.5): ±1/√in_features, where in_features is 4, as torch.nn.Linear has always done it"
GROUPS = [
    FactGroup(
        title="Parameter",
        facts=[
            Fact(label="shape", text="[8, 4]"),
            Fact(label="shared with", text="4.weight", path="4.weight"),
            Fact(label="default", text=LONG),
        ],
    ),
    FactGroup(title="[bold]Storage\x1b", facts=[Fact(label="stride", text="(4, 1)\nsecond\u202e line")]),
]


class Engine:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.problem: Problem | None = None
        self.groups = GROUPS

    async def request(self, body: Body, answer: type[Any], /, on_progress: object = None) -> Any:
        assert isinstance(body, Describe)
        self.asked.append(body.path)
        if self.problem:
            raise EngineProblem(self.problem)
        return Description(path=body.path, groups=self.groups)


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_facts_are_aligned_and_long_ones_wrapped(width: int) -> None:
    info = Info(Engine().request)
    async with Stage(info).run_test(size=(width, 24)) as pilot:
        info.show("2.weight")
        await settled(pilot)
        lines = lines_of(info)
        assert max(map(len, lines)) <= width
        shape, shared = (next(line for line in lines if label in line) for label in ("shape", "shared"))
        assert shape.index("[8, 4]") == shared.index("4.weight")
        start = shape.index("[8, 4]")
        assert LONG in " ".join(line[start:].strip() for line in lines)
        assert any(line.strip("▌▏ ") == "[bold]Storage␛" for line in lines)
        assert "second<202E> line" in "\n".join(lines)


async def test_wrapped_anew_after_a_resize() -> None:
    info = Info(Engine().request)
    async with Stage(info).run_test(size=(120, 24)) as pilot:
        info.show("2.weight")
        await settled(pilot)
        before = info.count
        await pilot.resize_terminal(50, 24)
        await settled(pilot)
        assert info.count > before
        assert max(map(len, lines_of(info))) <= 50


async def test_a_fact_with_a_path_is_followed_by_enter_and_by_click() -> None:
    info = Info(Engine().request)
    app = Stage(info, listen=(Info.Followed,))
    async with app.run_test(size=(80, 24)) as pilot:
        info.show("2.weight")
        await settled(pilot)
        info.focus()
        await pilot.press("down", "enter")
        assert app.posted == []
        await pilot.press("down", "enter")
        assert [event.place for event in app.posted] == ["4.weight"]
        await pilot.click(Info, offset=(30, 2))
        assert [event.place for event in app.posted] == ["4.weight", "4.weight"]


async def test_text_can_be_selected() -> None:
    info = Info(Engine().request)
    async with Stage(info).run_test(size=(80, 24)) as pilot:
        info.show("2.weight")
        await settled(pilot)
        selected = info.get_selection(Selection(None, None))
        assert selected is not None
        assert "[8, 4]" in selected[0]


async def test_nothing_is_asked_while_hidden_and_a_held_key_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.keys_at_rest.REST", 0.5)  # longer than three keys take on a busy machine
    engine = Engine()
    info = Info(engine.request)
    box = Vertical(info)
    app = Stage(box)
    async with app.run_test() as pilot:
        box.display = False
        await settled(pilot)
        for path in "abc":
            info.show(path)
        app.theme = "textual-light"
        await settled(pilot)
        assert engine.asked == []
        box.display = True
        while not engine.asked:
            await pilot.pause(0.01)
        await settled(pilot)
        for path in "def":
            info.show(path)
            await pilot.pause()
        while len(engine.asked) < 2:
            await pilot.pause(0.01)
        await settled(pilot)
        assert engine.asked == ["c", "f"]


async def test_a_problem_is_reported() -> None:
    engine = Engine()
    engine.problem = Problem("model", "no such [path]")
    info = Info(engine.request)
    async with Stage(info).run_test() as pilot:
        info.show("x")
        await settled(pilot)
        assert lines_of(info)[0].strip() == "no such [path]"


@pytest.mark.parametrize("width", [24, 50, 63, 120])
async def test_a_long_label_has_lines_of_its_own_and_loses_nothing(width: int) -> None:
    label = "ss_training.network_args.conv_block_dims.and_more_of_it"
    engine = Engine()
    facts = [Fact(label=label, text="1e-4"), Fact(label="format", text="pt"), Fact(label="x" * 10_000, text="y" * 100)]
    info = Info(engine.request)
    async with Stage(info).run_test(size=(width, 40)) as pilot:
        engine.groups = [FactGroup(title="Metadata", facts=facts)]
        info.show("")
        await settled(pilot)
        lines = lines_of(info)
        assert max(map(len, lines)) <= width
        assert info.max_scroll_x == 0
        assert label in "".join(line.strip() for line in lines)
        assert [line.split() for line in lines if "pt" in line] == [["format", "pt"]]
        assert "1e-4" in "".join(lines)
        assert "y" * 100 in "".join(line.strip() for line in lines)


async def test_a_link_is_wrapped_with_one_arrow_at_its_end() -> None:
    state = "optimizer.state.decoder.norm.weight.exp_avg_sq"
    engine = Engine()
    engine.groups = [FactGroup(title="Optimizer", facts=[Fact(label="State", text=state, path=state)])]
    info = Info(engine.request)
    async with Stage(info).run_test(size=(40, 10)) as pilot:
        info.show("decoder.norm.weight")
        await settled(pilot)
        lines = [line.strip() for line in lines_of(info)[1:] if line.strip()]
        assert [line.endswith(" →") for line in lines] == [False] * (len(lines) - 1) + [True]
        assert "".join(line.removeprefix("State").removesuffix("→").strip() for line in lines) == state


@pytest.mark.parametrize("width", [34, 60])
async def test_nested_facts_are_an_outline(width: int) -> None:
    engine = Engine()
    long = "a_rather_long_name_of_a_setting_that_has_no_room"
    engine.groups = [
        FactGroup(
            title="Metadata",
            facts=[
                Fact(label="config", text=""),
                Fact(label="data", text="", depth=1),
                Fact(label="train", text="0.9", depth=2),
                Fact(label=long, text="some words " * 8, depth=2),
                Fact(label="note", text="first\nsecond"),
            ],
        )
    ]
    info = Info(engine.request)
    async with Stage(info).run_test(size=(width, 24)) as pilot:
        info.show("")
        await settled(pilot)
        lines = [line.strip("▌▏").rstrip() for line in lines_of(info)]
        assert max(map(len, lines)) <= width
        config, data, train = (next(line for line in lines if name in line) for name in ("config", " data", "train"))
        indents = [len(line) - len(line.lstrip()) for line in (config, data, train)]
        assert [indent - indents[0] for indent in indents] == [0, 2, 4]
        assert train.split() == ["train", "0.9"]
        words = [line for line in lines if "some words" in line]
        assert {len(line) - len(line.lstrip()) for line in words} == {indents[2] + 4}  # below its label
        first, second = (next(line for line in lines if word in line) for word in ("first", "second"))
        assert first.index("first") == second.index("second")
        text, _ = info.get_selection(Selection(None, None)) or ("", "")
        assert "0.9" in text


async def test_a_line_of_a_drawing_is_shortened_not_wrapped() -> None:
    engine = Engine()
    name = "encoder." * 20
    facts = [
        Fact(label="├─●", text=f"12 linear in {name}fc  [2, 64]", path="fc", one_line=True),
        Fact(label="●", text="13 add", one_line=True),
    ]
    engine.groups = [FactGroup(title="Around it", facts=facts)]
    info = Info(engine.request)
    app = Stage(info)
    async with app.run_test(size=(50, 12)) as pilot:
        info.show("x")
        await settled(pilot)
        assert info.count == 3
        line = info.row_text(1)
        assert line.strip().startswith("├─●")
        assert "12 linear" in line
        assert "[2, 64] →" in line
        assert len(line) <= 50

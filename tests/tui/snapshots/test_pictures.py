"""Pictures of the panes, each cut out of its screen, and one of the whole frame; the engine's answers never change.

`pytest tests/tui/snapshots --snapshot-update` makes them anew after a wanted change of looks; look at them then.
They hold for the Textual and Rich of `constraints.txt`, on every Python.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from fake_app import AppEngine, Played
from fake_checkpoint import SUMMARY, checkpoint
from fake_networks import linear, module, sequential, tensor
from textual.pilot import Pilot

from models.messages import (
    Complete,
    CompletionItem,
    Completions,
    Describe,
    Description,
    Execute,
    Executed,
    Fact,
    FactGroup,
    Forms,
    OutputText,
    PathForm,
    PathForms,
    Problem,
    SourceCode,
    SourceText,
)
from tests.tui.snapshots.cropping import picture_of
from tui.actions import ACTIONS
from tui.app import ModulescopeApp
from tui.command_line import CommandOptions

Story = Callable[[Played], Awaitable[None]]

SMALL, LARGE = (80, 24), (120, 40)
TREE, PANE, BELOW = "ModuleTree", "#right-panes", "#lower-panes"
BIAS = "0.block 1.0.bias"


def engine() -> AppEngine:
    """The documented `rgnet`, and a small network with every mark."""
    made = AppEngine()
    made.summary_fields = {"note": "Four blocks in a block: rgnet[0][1][0].bias is a parameter deep inside."}
    made.sources["run/last.pt"] = lambda: checkpoint(80)
    made.sources["marks"] = lambda: sequential(
        linear(4, 8),
        module(
            "Attention",
            weight=tensor(8, 8, frozen=True),
            lazy=tensor(state="uninitialised"),
            mask=tensor(8, 8, kind="buffer", dtype="bool"),
            scale=tensor(8, kind="constant", registered=False),
        ),
        linear(8, 1),
    )
    facts = [
        Fact(label="Kind", text="parameter"),
        Fact(label="Shape", text="[8]"),
        Fact(label="Shared with", text="4.bias", path="4.bias"),
        Fact(label="Default", text="uniform(-0.5, 0.5): ±1/√in_features, of the 4 inputs of its layer"),
    ]
    groups = [FactGroup(title="What it is", facts=facts), FactGroup(title="Memory", facts=facts[:2])]
    made.answers[Describe] = lambda body: Description(path=body.path, groups=groups)
    code = (
        "class Net(nn.Module):\n    def forward(self, X):\n        # 20 features\n        return self.out(F.relu(X))\n"
    )
    made.answers[SourceCode] = lambda body: SourceText(
        path=body.path, class_name="Net", text=code, file="net.py", first_line=10, forward_line=11
    )
    texts = {"state-dict key": BIAS, "Python": "net[0][1][0].bias", "CSV": "1,2,3\n4,5,6"}
    made.answers[PathForms] = lambda body: Forms(
        path=body.path, forms=[PathForm(label=label, text=text) for label, text in texts.items()]
    )
    return made


@pytest.fixture
def looks(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Whether a part of the screen looks as in the picture after `story`; the whole of it, where no part is named."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "COLORFGBG", "TMUX"):
        monkeypatch.delenv(name, raising=False)

    def look(story: Story, part: str = "", *, size: tuple[int, int] = LARGE, source: str | None = "rgnet") -> bool:
        made = engine()
        if source == "run/last.pt":
            made.summary_fields = dict(SUMMARY)
        app = ModulescopeApp(CommandOptions(source=source), made)
        if part:
            cut = partial(picture_of, app, part)
            monkeypatch.setattr(app, "export_screenshot", lambda *, title, simplify: cut(title))

        async def before(pilot: Pilot[Any]) -> None:
            played = Played(app, made, pilot)
            if source is None:
                await played.sees("The network rgnet")
            else:
                await played.until(lambda: played.explorer.row is not None)
            await played.rest()
            await story(played)
            await played.rest()

        return snap_compare(app, terminal_size=size, run_before=before)

    return look


async def nothing(played: Played) -> None:
    """As it starts."""


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_catalogue(looks: Callable[..., bool], size: tuple[int, int]) -> None:
    assert looks(nothing, "#body, #own", size=size, source=None)


def test_frame(looks: Callable[..., bool]) -> None:
    """The only picture that holds all panes with their tabs, the line on top and the keys."""
    assert looks(nothing)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_module(looks: Callable[..., bool], size: tuple[int, int]) -> None:
    assert looks(nothing, TREE, size=size)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_values(looks: Callable[..., bool], size: tuple[int, int]) -> None:
    async def story(played: Played) -> None:
        await played.selected("0.block 1.0.weight")
        await played.press("1", "j", "l")

    assert looks(story, PANE, size=size)


def test_marks_in_the_light(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        played.app.theme = "modulescope-light"
        played.engine.changed("1", "1.scale", values=True)
        await played.selected("1.scale")

    assert looks(story, f"{TREE}, {PANE}", source="marks")


def test_heat_map(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.selected("0.weight")
        await played.press("1", "H")

    assert looks(story, PANE, size=SMALL, source="sequential")


def test_gradients(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.press("f", "b", "2")
        await played.reported("18 parameters have a gradient")
        played.explorer.status.message = ""

    assert looks(story, PANE)


def test_info(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.selected(BIAS)
        await played.press("3")

    assert looks(story, PANE, size=SMALL)


def test_source(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.press("4")

    assert looks(story, PANE, size=SMALL)


def test_calls(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.press("f", "6")
        await played.sees("Calls 18")

    assert looks(story, BELOW, size=SMALL)


def test_console(looks: Callable[..., bool]) -> None:
    answers = {
        "net[2].bias": Executed(value="Parameter containing:\ntensor([0.1, -0.2], requires_grad=True)"),
        "print(1)": Executed(),
        "net(1)": Executed(problem=Problem("model", "TypeError: no tensor", 'File "net.py", line 3\n    return X @ W')),
        "net[0].bias.data += 1": Executed(changed=["0.bias"]),
    }

    async def story(played: Played) -> None:
        def answer(body: Execute) -> Executed:
            if body.text == "print(1)":
                played.engine.send(OutputText(stream="stdout", text="1\n"))
                played.engine.send(OutputText(stream="stderr", text="a warning\n"))
            return answers[body.text]

        played.engine.answers[Execute] = answer
        for text in answers:
            await played.type(text)
            await played.rest()
        items = [CompletionItem(text=name, kind=kind) for name, kind in (("weight", "parameter"), ("half", "function"))]
        played.engine.answers[Complete] = lambda body: Completions(start=4, items=items)
        await played.press("greater_than_sign", *"net.")
        await played.until(lambda: played.explorer.console.choices.display)

    assert looks(story, BELOW)


def test_search(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.press("slash", *"1 0 bias")
        await played.sees(" of ")
        played.app.screen.query_one("Input").cursor_blink = False

    assert looks(story, "SearchBox", size=SMALL)


def test_help(looks: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the keys of tabs, which the picture of the frame shows.
    others = [action for action in ACTIONS if not action.id.startswith("show_")]
    monkeypatch.setattr("tui.screens.help.ACTIONS", others)

    async def story(played: Played) -> None:
        await played.press("question_mark")

    assert looks(story, "#panel")


def test_copy_forms(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await played.selected(BIAS)
        await played.press("Y")
        await played.sees("state-dict key")

    assert looks(story, "#panel", size=SMALL)


def test_problem_of_an_engine_that_ended(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        played.explorer.show_error(
            Problem("engine", "The engine ended: signal 11 (SIGSEGV)", "Fatal Python error\nR starts a new engine.")
        )

    assert looks(story, "#panel", size=SMALL)


async def folded(played: Played) -> None:
    """The tree as the engine opens a large one: its repeated layers in a row."""
    await played.selected("model.layers.[0–79]")
    await played.press("enter", "g")


def test_checkpoint(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        await folded(played)
        table = played.explorer.query_one("#values").table
        table.sort("bytes")
        await played.press("tab", "F", *"size>32", "enter")
        await played.sees("▼bytes", "160 of 324")

    assert looks(story, f"{TREE}, {PANE}", source="run/last.pt")


def test_statistics_of_a_checkpoint(looks: Callable[..., bool]) -> None:
    async def story(played: Played) -> None:
        played.engine.numbers["model.layers.0.norm1.bias"] = [float("nan")] * 3 + [0.5] * 5
        played.engine.taken = {f"model.layers.0.norm1.{name}" for name in ("weight", "bias")}
        await folded(played)
        await played.selected("model.layers.[0–79]")
        await played.press("tab", "C", "j", "j")
        await played.sees("A takes the missing statistics")

    assert looks(story, PANE, size=SMALL, source="run/last.pt")

from __future__ import annotations

from pathlib import Path

import pytest
from cases import slow_but
from fake_app import AppEngine, Played, opened, starting

from models.messages import Fold, Forward, OpenSource, Problem
from models.messages.errors import EngineGone
from tui.screens.problem import ProblemScreen
from tui.settings import Settings
from tui.widgets.console.prompt import Prompt


async def test_what_the_command_line_named_is_opened_with_its_inputs() -> None:
    async with opened("rgnet", inputs=["2x4"], seed=3, device="cpu", inputs_from="in.py:make") as played:
        (request,) = played.asked(OpenSource)
        assert (request.inputs, request.seed, request.device) == (["2x4"], 3, "cpu")
        assert request.inputs_from == "in.py:make"
        assert request.unfold_to == played.explorer.module_tree.size.height  # as far as it fits
        await played.sees("rgnet  Sequential  309 parameters  1.2 KB  float32  cpu  train", "● ready")
        assert "· rgnet: Sequential, in the console as net and rgnet" in played.log
        assert "· X = torch.rand(2, 4)" in played.log
        await played.press("o")
        await played.sees("The network shared")
        await played.press("end", "enter")
        await played.sees("121 parameters")
        assert played.asked(OpenSource)[1].inputs == []  # they belong to rgnet
        assert played.engine.starts == 1


async def test_a_guessed_input_a_missing_one_and_warnings_are_reported() -> None:
    engine = AppEngine()
    engine.summary_fields = {"guessed": True, "warnings": ["it drew random numbers"], "note": "Look at [0]."}
    async with opened(engine=engine) as played:
        assert "· X = torch.rand(2, 4), a guess from the first layers" in played.log
        assert "· warning: it drew random numbers" in played.log
        assert "· Look at [0]." in played.log
    engine.summary_fields = {"input": ""}
    async with opened(engine=engine) as played:
        assert any("no input is known" in line and "--inputs FILE.py:NAME" in line for line in played.log)
    engine.summary_fields = {"input": "nets.py:batch", "call": "net(**inputs)"}
    async with opened(engine=engine) as played:
        assert "· input: nets.py:batch; net(**inputs) takes it" in played.log
        assert str(played.explorer.query_one(Prompt).placeholder).startswith("net(**inputs), ")
    engine.summary_fields = {"call": "net[/]([red]X)"}  # of an engine that is not ours: no markup
    async with opened(engine=engine) as played:
        await played.press("colon")
        await played.sees("net[/]([red]X), or Tab")


async def test_progress_is_shown_while_a_source_is_opened() -> None:
    engine = AppEngine()
    engine.steps[OpenSource] = ["importing torch"]
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.sees("importing torch")
        assert played.explorer.summary is None
        gate.set()
        await played.sees("309 parameters", "● ready")
        assert "importing torch" not in played.text


@pytest.mark.slow
async def test_that_the_engine_is_busy_takes_the_place_of_no_step() -> None:
    engine = AppEngine()
    engine.steps[OpenSource] = ["importing torch"]
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.sees("importing torch")
        played.explorer.take_busy("opening")  # which may be read behind the step
        assert played.explorer.status.state == "importing torch"
        gate.set()
        await played.sees("309 parameters", "● ready")
        played.explorer.take_busy("running")
        assert played.explorer.status.state == "running"
        played.explorer.take_busy("")
        assert played.explorer.status.state == ""


async def test_a_failure_shows_the_panel_and_another_source_opens_in_the_same_engine() -> None:
    async with starting("nosuch") as played:
        await played.sees("no source 'nosuch'", "rgnet is one", "of several")
        assert isinstance(played.app.screen, ProblemScreen)
        await played.press("escape")
        await played.sees("The network rgnet", "nosuch")  # what was typed can be mended
        await played.press("escape", "down", "enter")
        await played.sees("309 parameters")
        assert played.engine.starts == 1


async def test_nothing_is_lost_when_the_second_source_cannot_be_opened() -> None:
    async with opened() as played:
        await played.selected("0.block 1.0.bias")
        played.explorer.open("nosuch")
        await played.sees("no source 'nosuch'")
        await played.press("escape")
        await played.sees("The network rgnet", "nosuch")
        await played.press("escape", "escape")
        await played.sees("309 parameters", "● ready", "[8] float32")
        assert played.explorer.path == "0.block 1.0.bias"
        await played.press("f")
        await played.sees("Calls 18")


@pytest.mark.slow
async def test_opening_that_the_user_interrupted_leaves_no_box_to_close() -> None:
    engine = AppEngine()
    engine.problems[OpenSource] = Problem("interrupted", "interrupted")
    async with starting("rgnet", engine=engine) as played:
        await played.sees("opening rgnet was interrupted")
        assert played.app.screen is played.explorer
        assert played.explorer.status.state == "not open: R tries again"  # there behind that word
    async with opened() as played:
        played.engine.problems[OpenSource] = Problem("interrupted", "interrupted")
        played.explorer.open("other.py:net")
        await played.sees("opening other.py:net was interrupted")
        assert played.app.screen is played.explorer
        assert played.explorer.summary is not None


async def test_restarting_sends_the_folds_and_keeps_the_selection() -> None:
    async with opened() as played:
        await played.selected("0.block 0")
        await played.press("left")
        await played.until(lambda: "0.block 0" in played.engine.folded, "folded")
        await played.selected("1.bias")
        await played.press("R")
        await played.until(lambda: len(played.asked(OpenSource)) == 2, "opened again")
        await played.rest()
        assert played.engine.starts == 1
        again = played.asked(OpenSource)[1]
        assert again.anew
        assert again.source == "rgnet"
        assert again.unfolded["0.block 0"] is False
        assert again.unfolded["0.block 1"] is True
        assert played.explorer.path == "1.bias"
        assert played.explorer.module_tree.selected == "1.bias"
        assert played.engine.folded == {"0.block 0"}


async def test_an_engine_that_does_not_start_is_reported_and_R_tries_again() -> None:
    engine = AppEngine()
    engine.refusal = EngineGone("there is no program 'python9' to start the engine with", "The command was: python9")
    async with starting("rgnet", engine=engine) as played:
        await played.sees("There is no program 'python9'", "The command was: python9", "R starts a new engine")
        engine.refusal = None
        await played.press("R")
        await played.sees("309 parameters", "● ready")
        assert engine.starts == 2


@pytest.mark.parametrize("source", slow_but(1, ["rgnet", None]))
async def test_an_engine_that_dies_while_it_opens_can_be_restarted(source: str | None) -> None:
    engine = AppEngine()
    engine.hold(OpenSource)
    async with starting(source, engine=engine) as played:
        if source is None:
            await played.sees("The network rgnet")
            await played.press("down", "enter")
        await played.until(lambda: played.asked(OpenSource), "it is being opened")
        engine.end("signal 9 (SIGKILL)")
        await played.sees("SIGKILL")
        await played.press("R")
        await played.sees("309 parameters", "● ready")


@pytest.mark.slow
async def test_a_source_opened_during_another_takes_its_place() -> None:
    async with opened() as played:
        gate = played.engine.hold(OpenSource)
        played.explorer.open("sequential")
        await played.until(lambda: len(played.asked(OpenSource)) == 2, "the first")
        played.explorer.open("shared")
        await played.until(lambda: len(played.asked(OpenSource)) == 3, "the second")
        gate.set()
        await played.sees("121 parameters")
        await played.rest()
        assert [body.source for body in played.engine.cancelled if isinstance(body, OpenSource)] == ["sequential"]
        assert played.explorer.summary.name == "shared"


async def test_the_calls_of_the_model_before_are_forgotten() -> None:
    async with opened() as played:
        await played.press("f")
        await played.sees("Calls 18")
        played.explorer.open("shared")
        await played.sees("121 parameters", "No run yet")
        assert "Calls 18" not in played.text


async def test_the_first_start_welcomes_and_no_other(own_state: Path) -> None:
    (own_state / "settings.json").unlink()
    async with opened() as played:
        await played.reported("Arrows walk the tree, Tab changes the pane")
        assert Settings().welcomed
    async with opened() as played:
        assert not any("Arrows walk" in line for line in played.log + played.notices)


@pytest.mark.slow
async def test_a_problem_of_the_tree_is_a_notice() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        engine.problems[Fold] = Problem("model", "the model cannot be walked", "its forward [/] is odd")
        await played.press("left")
        await played.until(lambda: played.notices == ["the model cannot be walked: its forward [/] is odd"], "reported")


def footer(played: Played) -> str:
    return str(played.text.split("\n")[-1])


@pytest.mark.parametrize("kind", slow_but(1, ["module", "checkpoint"]))
async def test_keys_and_statements_for_a_network_are_offered_only_where_one_is_open(kind: str) -> None:
    engine = AppEngine()
    engine.summary_fields["kind"] = kind
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "asked")
        await played.until(lambda: ">>> Python" in played.text, "the prompt")
        assert "forward" not in footer(played)
        gate.set()
        await played.sees("net(X), or Tab" if kind == "module" else "state['name'], or Tab")
        assert ("f forward" in footer(played)) is (kind == "module")
        gate.clear()
        played.explorer.open("shared")
        await played.sees(">>> Python")
        assert "forward" not in footer(played)
        gate.set()
        await played.sees("net(X), or Tab" if kind == "module" else "state['name'], or Tab")


@pytest.mark.slow
async def test_after_a_refused_R_it_is_reported_that_nothing_is_open() -> None:
    """A new engine was started, and what was open went with the old one."""
    async with opened() as played:
        played.engine.problems[OpenSource] = Problem("model", "net.py: SyntaxError")
        await played.press("ctrl+r")
        await played.sees("net.py: SyntaxError")
        await played.press("escape")
        await played.sees("not open: R tries again")
        played.explorer.open("nosuch")  # another failure changes nothing of that
        await played.until(lambda: len(played.asked(OpenSource)) == 3, "asked")
        await played.press("escape", "escape", "escape")
        await played.sees("not open: R tries again")
        assert "forward" not in footer(played)
        played.engine.problems.clear()
        await played.press("R")
        await played.sees("● ready", "net(X), or Tab")


@pytest.mark.slow
async def test_after_a_refused_R_in_explore_the_object_is_open_as_before() -> None:
    async with opened(attached=True) as played:
        played.engine.problems[OpenSource] = Problem("model", "it cannot be looked at")
        await played.press("R")
        await played.sees("it cannot be looked at")
        await played.press("escape")
        await played.sees("● ready")
        assert "not open" not in played.text
        assert "f forward" in footer(played)


@pytest.mark.slow
async def test_a_fault_of_the_engine_in_explore_offers_no_new_engine() -> None:
    async with opened(attached=True) as played:
        played.engine.problems[OpenSource] = Problem("engine", "it cannot be looked at")
        await played.press("R")
        await played.sees("it cannot be looked at", "R opens it again")


async def test_keys_typed_before_the_model_is_open_act_on_it_in_their_order() -> None:
    engine = AppEngine()
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "asked")
        await played.press("j", "j", "f", "3")
        await played.sees("4 keys wait for it")
        assert played.asked(Forward) == []
        assert played.explorer.query_one("#right-panes").current == "values"
        gate.set()
        await played.until(lambda: played.asked(Forward), "run")
        await played.until(lambda: played.explorer.path == "0.block 0", "two rows down")
        await played.until(lambda: played.explorer.query_one("#right-panes").current == "info", "the tab")
        order = [type(body) for body in played.engine.asked]
        assert order.index(Forward) > order.index(OpenSource)
        await played.sees("● ready")


async def test_keys_for_another_source_do_not_act_on_the_one_that_is_still_shown() -> None:
    async with opened() as played:
        gate = played.engine.hold(OpenSource)
        await played.press("greater_than_sign")
        await played.until(lambda: played.explorer.console.prompt.has_focus, "the prompt")
        played.explorer.open("sequential")
        await played.press("f", "j")
        await played.sees("2 keys wait for it")
        assert played.explorer.console.prompt.text == ""
        gate.set()
        await played.until(lambda: played.asked(Forward), "run")
        await played.until(lambda: played.explorer.path == "0", "one row down")
        assert played.explorer.summary.source == "sequential"


@pytest.mark.slow
async def test_what_is_typed_into_the_prompt_meanwhile_stays_there() -> None:
    engine = AppEngine()
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "asked")
        await played.press("greater_than_sign", "n", "e")
        gate.set()
        await played.sees("309 parameters", "● ready")
        await played.press("t")
        await played.rest()
        assert played.explorer.console.prompt.text == "net"
        assert played.explorer.console.prompt.has_focus


@pytest.mark.slow
async def test_keys_for_what_does_not_open_are_dropped_and_that_is_said() -> None:
    engine = AppEngine()
    engine.problems[OpenSource] = Problem("interrupted", "interrupted")
    gate = engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "asked")
        await played.press("f", "j")
        await played.sees("2 keys wait for it")
        gate.set()
        await played.sees("2 keys typed for it meanwhile dropped")
        await played.rest()
        assert played.asked(Forward) == []


@pytest.mark.slow
async def test_keys_for_a_source_that_fails_do_not_act_on_the_one_before() -> None:
    async with opened() as played:
        gate = played.engine.hold(OpenSource)
        played.explorer.open("nosuch")
        await played.press("f")
        await played.sees("1 key waits for it")
        gate.set()
        await played.sees("no source 'nosuch'")
        await played.press("escape", "escape", "escape")
        await played.rest()
        assert played.asked(Forward) == []


@pytest.mark.parametrize("key", slow_but(1, ["q", "ctrl+q"]))
async def test_one_can_leave_although_keys_wait(key: str) -> None:
    engine = AppEngine()
    engine.hold(OpenSource)
    async with starting("rgnet", engine=engine) as played:
        await played.until(lambda: played.asked(OpenSource), "asked")
        await played.press("j")
        await played.sees("1 key waits for it")
        await played.press(key)
        assert played.app._exit


@pytest.mark.slow
async def test_the_focus_stays_where_it_is_when_the_same_is_opened_again() -> None:
    async with opened() as played:
        await played.press("3")
        await played.until(lambda: played.explorer.query_one("#info").has_focus, "Info")
        gate = played.engine.hold(OpenSource)
        await played.press("R")
        await played.until(lambda: len(played.asked(OpenSource)) == 2, "again")
        await played.press("G")
        assert played.explorer.query_one("#info").cursor == 0
        gate.set()
        await played.until(lambda: played.explorer.query_one("#info").cursor > 0, "the last fact")
        assert played.explorer.query_one("#info").has_focus

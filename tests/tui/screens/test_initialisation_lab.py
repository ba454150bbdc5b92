"""Of `initialisation_lab`, `initialising`: what is chosen is asked for, shown, carried out and undone."""

from __future__ import annotations

import pytest
from fake_app import AppEngine, Played, opened

from models.messages import (
    ApplyInitialiser,
    Execute,
    InitialPreview,
    MeasureSignal,
    PreviewInitialiser,
    Problem,
    ReadInitialisers,
)
from tui.screens.initialisation_lab import InitialisationLab
from tui.widgets.parts.choice import ChoiceField


def lab(played: Played) -> InitialisationLab:
    screen = played.app.screen
    assert isinstance(screen, InitialisationLab)
    return screen


async def previewed(played: Played, rule: str) -> None:
    """Wait until what a rule gives is on the screen."""
    await played.sees(f"{rule} of ±√(6/(4 + 8))")


async def test_P_shows_what_a_rule_gives_beside_today_and_theory() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.sees(
            "2 weights filled", "parameter 0 [8, 4] (1 of 2)", "std = 0.5774", "±0.5", "-0.9 … 0.95", "±1"
        )
        await played.sees("‹ [b]", "gain", "seed", "Enter applies")
        assert played.asked(ReadInitialisers)[0].path == played.explorer.path


async def test_arrows_change_the_rule_and_its_arguments_and_Enter_carries_it_out() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("right")
        await previewed(played, "kaiming_normal_")
        await played.press("down", "end", *"0.5", "down", "right", "enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        how = played.asked(ApplyInitialiser)[0].how
        assert (how.scope, how.rule, how.arguments, how.seed) == ("this", "kaiming_normal_", ["0.00.5", "fan_out"], 0)
        await played.reported("kaiming_normal_ of 0.weight, seed 0", "code()", "changed: 0.weight   (u takes it back)")


@pytest.mark.slow
async def test_a_letter_leads_to_the_next_rule_that_begins_with_it() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("z")
        await previewed(played, "zeros_")
        assert lab(played).query_one("#rule", ChoiceField).index == 0


async def test_a_class_has_biases_to_choose_and_a_pattern_a_line() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("up", "right")
        await played.sees("‹ every Linear (9) ›", "biases", "stay as they are")
        await played.press("right")
        await played.sees("‹ a pattern ›", "*.weight")
        await played.until(lambda: played.asked(PreviewInitialiser)[-1].how.text == "*.weight", "asked")
        assert played.asked(PreviewInitialiser)[-1].how.scope == "pattern"


@pytest.mark.slow
async def test_what_was_typed_for_the_rule_stays_when_the_scope_changes() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("down", *"2.5", "up", "up", "right")
        await played.until(lambda: played.asked(PreviewInitialiser)[-1].how.scope == "class", "asked")
        assert played.asked(PreviewInitialiser)[-1].how.arguments == ["2.5"]


@pytest.mark.slow
async def test_the_next_parameter_is_shown() -> None:
    async with opened() as played:
        await played.press("P")
        await played.sees("parameter 0")
        await played.press("pagedown")
        await played.sees("parameter 1 [8, 4] (2 of 2)")
        await played.press("pagedown")
        await played.sees("parameter 0 [8, 4] (1 of 2)")


async def test_schemes_stand_side_by_side_in_one_picture() -> None:
    async with opened() as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("ctrl+g")
        await played.sees("1 today", "2 xavier_uniform_", "std of activations", "size (rms) of gradients")
        await played.press("right")
        await previewed(played, "kaiming_normal_")
        await played.press("ctrl+g")
        await played.sees("3 kaiming_normal_", "+ where several meet", "2 Linear")
        asked = [[each.rule for each in body.schemes] for body in played.asked(MeasureSignal)]
        assert asked == [["", "xavier_uniform_"], ["kaiming_normal_"]]
        await played.press("ctrl+l")
        await played.sees("Ctrl+G runs copies")


async def test_at_80x24_the_picture_takes_the_place_of_the_form_while_it_has_the_focus() -> None:
    async with opened(size=(80, 24)) as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        await played.press("ctrl+g")
        await played.sees("1 today  2 xavier_uniform_", "2 Linear")
        await played.until(lambda: not lab(played).query_one("#rule").region.height, "the form made room")
        await played.sees("Tab to the rule", "Esc closes")
        await played.press("shift+tab")
        await played.sees("xavier_uniform_ of ±√(6/(4 + 8))", "seed", "←→ change")
        await played.press("right")
        await previewed(played, "kaiming_normal_")
        await played.press("ctrl+g")
        await played.sees("3 kaiming_normal_", "Ctrl+L clears")
        await played.press("ctrl+l")
        await played.sees("kaiming_normal_ of ±√(6/(4 + 8))", "Ctrl+G runs copies")


@pytest.mark.slow
async def test_an_error_of_the_form_is_shown_and_nothing_is_drawn() -> None:
    engine = AppEngine()
    engine.answers[PreviewInitialiser] = lambda body: InitialPreview(errors=["[b]gain is a number[/]", ""])
    async with opened(engine=engine) as played:
        await played.press("P")
        await played.sees("✗ [b]gain is a number[/]")
        engine.problems[ApplyInitialiser] = Problem("usage", "gain is a number")
        await played.press("enter")
        await played.sees("✗ gain is a number")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")


async def test_escape_stops_a_preview_that_is_on_its_way() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        gate = engine.hold(PreviewInitialiser)
        await played.press("P")
        await played.until(lambda: played.asked(PreviewInitialiser), "asked")
        await played.press("escape")
        await played.until(lambda: any(isinstance(body, PreviewInitialiser) for body in engine.cancelled), "stopped")
        gate.set()
        await played.rest()
        assert played.asked(ApplyInitialiser) == []


@pytest.mark.slow
async def test_while_code_runs_and_for_a_file_of_tensors_there_is_none() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        gate = engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "it runs")
        await played.press("escape", "P")
        await played.sees("P waits for it, Esc gives up")
        await played.press("escape")
        gate.set()
        engine.summary_fields["kind"] = "checkpoint"
        played.explorer.open("shared")
        await played.sees("121")
        await played.press("P")
        await played.reported("only tensors are open")
        assert played.asked(ReadInitialisers) == []


async def test_ctrl_c_interrupts_what_the_engine_does_for_it_and_it_stays() -> None:
    engine = AppEngine()
    engine.problems[MeasureSignal] = Problem("interrupted", "KeyboardInterrupt")
    async with opened(engine=engine) as played:
        interrupts: list[int] = []
        played.explorer.interrupt = lambda: interrupts.append(1)  # type: ignore[method-assign]
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        gate = engine.hold(MeasureSignal)
        await played.press("ctrl+g")
        await played.until(lambda: played.asked(MeasureSignal), "asked")
        await played.press("ctrl+c")
        await played.until(lambda: interrupts == [1], "interrupted")
        gate.set()
        await played.sees("✗ KeyboardInterrupt")
        assert lab(played)


@pytest.mark.slow
async def test_escape_stops_what_is_being_filled_and_another_closes() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        await played.press("P")
        await previewed(played, "xavier_uniform_")
        gate = engine.hold(ApplyInitialiser)
        await played.press("enter")
        await played.until(lambda: played.asked(ApplyInitialiser), "asked")
        await played.press("escape")
        await played.sees("stopped: u takes back what was filled")
        await played.until(lambda: any(isinstance(body, ApplyInitialiser) for body in engine.cancelled), "stopped")
        gate.set()
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")


@pytest.mark.slow
async def test_whose_fans_count_can_be_chosen_where_weights_are_stored_the_other_way_round() -> None:
    async with opened() as played:
        await played.press("P")
        await played.sees("xavier_uniform_ of")
        assert "as torch counts" not in played.text
        await played.press("k")
        await played.sees("‹ as torch counts: columns in ›")
        await played.press("down", "down", "down")
        await played.sees("3 of the weights are stored [in, out]")
        await played.press("right")
        await played.sees("‹ as the layer's: rows in ›")
        await played.until(lambda: played.asked(PreviewInitialiser)[-1].how.fans == "layer", "previewed")
        await played.press("enter")
        await played.until(lambda: played.asked(ApplyInitialiser), "applied")
        assert played.asked(ApplyInitialiser)[-1].how.fans == "layer"

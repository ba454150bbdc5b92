"""Of `weights`, `loading_weights`, `source_prompt`, `tui/widgets/table/fit_lists.py`.

Rules are taken and left, the lists follow, and what fits is loaded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from cases import slow_but
from fake_app import Played, opened

from models.messages import FitWeights, Interrupt, LoadWeights, OpenWeights, Problem, SourceItem


@asynccontextmanager
async def weights(size: tuple[int, int] = (120, 40)) -> AsyncIterator[Played]:
    """The screen of `w.pt` for rgnet."""
    async with opened(size=size) as played:
        await played.press("W")
        await played.sees("Weights for rgnet")
        await played.press(*"w.pt", "enter")
        await played.sees("14 fit with")
        await played.rest()
        yield played


async def test_the_rules_and_the_lists_are_shown_and_nothing_is_loaded() -> None:
    async with weights() as played:
        assert played.asked(OpenWeights) == [OpenWeights(checkpoint="w.pt")]
        assert played.asked(LoadWeights) == []
        await played.sees(
            "w.pt: 0 of 16 names agree",
            "matched 14 | wrong shape 0 | missing 2 | unexpected 1",
            "The rows of q and k may be permuted.",
            "[x] certain module.",
            "[x] likely  0.w{n}",
            "[ ] guess   end.",
            "missing 2: the network has it, the file does not",
            "1.[weight,bias] [/]",
            "recomputed by the network",
            "← a + b",
        )


async def test_a_rule_that_is_left_or_taken_makes_the_lists_grow_and_shrink() -> None:
    async with weights() as played:
        await played.press("down", "space")
        await played.sees("[ ] likely  0.w{n}", "10 fit", "missing 6:")
        await played.press("down", "space")
        await played.sees("[x] guess   end.", "12 fit", "missing 4:")
        await played.press("up", "enter")
        await played.sees("16 fit with the rules taken: everything fits")
        choice = played.asked(FitWeights)[-1].choice
        assert (choice.own, "c" in choice.taken, choice.left) == ([], True, [])


@pytest.mark.slow
async def test_while_many_names_are_compared_that_is_said() -> None:
    async with weights() as played:
        gate = played.engine.hold(FitWeights)
        await played.press("down", "space")
        await played.sees("w.pt: comparing names …")
        gate.set()
        await played.sees("10 fit", "w.pt: 0 of 16 names agree")


async def test_a_click_on_a_mark_takes_or_leaves_the_rule_and_elsewhere_goes_there() -> None:
    async with weights() as played:
        await played.pilot.click("RuleList", offset=(12, 2))
        await played.until(lambda: played.app.screen.rules.cursor == 1, "the second rule")
        assert played.asked(FitWeights) == []
        await played.pilot.click("RuleList", offset=(2, 3))
        await played.sees("[x] guess   end.", "16 fit")


async def test_what_fits_is_loaded_and_said_in_the_explorer() -> None:
    async with weights() as played:
        await played.press("A")
        await played.sees("Nothing is loaded: 2 missing")
        await played.press("a")
        await played.until(lambda: played.app.screen is played.explorer, "back in the explorer")
        assert [body.strict for body in played.asked(LoadWeights)] == [True, False]
        assert "· weights: 14 of 16 tensors loaded from w.pt" in played.log


async def test_a_rule_is_changed_and_stands_first_as_ones_own() -> None:
    async with weights() as played:
        await played.press("G", "e")
        await played.sees("rule end.=1.")
        await played.press("x", "enter")  # end.=1.x
        await played.sees("[x] own     end.", "1.x")
        assert played.asked(FitWeights)[-1].choice.own == ["end.=1.x"]
        await played.press("g", "e")
        await played.press("backspace", "enter")
        await played.until(lambda: played.asked(FitWeights)[-1].choice.own == ["end.=1."], "changed")
        await played.sees("16 fit")
        await played.press("space")
        await played.sees("[ ] own     end.", "14 fit")
        await played.press("e", *["backspace"] * 8, "enter")
        await played.until(lambda: "own     end." not in played.text, "taken away")


@pytest.mark.slow
async def test_a_network_that_was_opened_again_meanwhile_is_compared_again() -> None:
    async with weights() as played:
        played.engine.problems[FitWeights] = Problem("gone", "No checkpoint is open beside the network")
        await played.press("space")
        await played.until(lambda: len(played.asked(OpenWeights)) == 2, "opened again")
        del played.engine.problems[FitWeights]
        await played.press("down", "down", "space")
        await played.sees("[x] guess   end.", "[ ] certain module.")


@pytest.mark.slow
async def test_a_rule_without_a_key_of_a_foreign_engine_is_none_of_the_users_own() -> None:
    async with weights() as played:
        fitted = played.app.screen.fitted
        played.engine.answers[FitWeights] = lambda body: msgspec.structs.replace(
            fitted, rules=[msgspec.structs.replace(fitted.rules[0], key="")]
        )
        await played.press("space")
        await played.until(lambda: len(played.app.screen.rules.rows) == 1, "one rule")
        await played.press("space", "e", "enter")
        await played.until(lambda: played.asked(FitWeights)[-1].choice.left == ["", "a"], "left")


async def test_a_rule_that_cannot_be_read_is_refused_and_the_line_stays() -> None:
    async with weights() as played:
        await played.press("plus", *"end.", "enter")
        await played.sees("'end.' is not of the form old=new")
        assert "own" not in played.text.replace("own rule", "")
        await played.press(*"=1.", "enter")
        await played.sees("[x] own     end.", "16 fit")


@pytest.mark.slow
async def test_what_combines_tensors_cannot_be_written_as_a_rule() -> None:
    async with weights() as played:
        await played.press("down", "e")
        await played.sees("it combines tensors or swaps dimensions")


async def test_the_python_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []

    async def copy(app: object, text: str, note: str = "") -> None:
        copied.append(text)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    async with weights() as played:
        await played.press("y")
        await played.until(lambda: copied == ["# ['a', 'b']\n"], "copied")


async def test_a_tensor_of_a_list_is_shown_in_the_tree() -> None:
    async with weights() as played:
        await played.press("tab", "down", "enter")
        await played.until(lambda: played.explorer.path == "1.weight", "selected")


@pytest.mark.slow
async def test_what_was_chosen_is_there_again_when_the_screen_is() -> None:
    async with weights() as played:
        await played.press("G", "space")
        await played.sees("16 fit")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "left")
        await played.press("W")
        await played.sees("[x] guess   end.", "16 fit")
        await played.press("o")
        await played.sees("Names and shapes are compared first")
        assert "w.pt" in played.text


async def test_escape_interrupts_what_is_being_opened_and_then_goes_back() -> None:
    async with opened() as played:
        gate = played.engine.hold(OpenWeights)
        played.engine.steps[OpenWeights] = ["opening [/] 40%"]
        await played.press("W")
        await played.sees("Weights for rgnet")
        await played.press(*"w.pt", "enter")
        await played.sees("w.pt: opening [/] 40%")
        await played.press("escape")
        await played.until(lambda: played.asked(Interrupt), "interrupted")
        played.engine.problems[OpenWeights] = Problem("interrupted", "reading w.pt was interrupted")
        gate.set()
        await played.sees("reading w.pt was interrupted")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "left")


@pytest.mark.slow
async def test_what_cannot_be_opened_says_why() -> None:
    async with opened() as played:
        played.engine.problems[OpenWeights] = Problem("source", "There is no file x.pt [/]", "Look at its name.")
        await played.press("W")
        await played.sees("Weights for rgnet")
        await played.press(*"x.pt", "enter")
        await played.sees("x.pt: There is no file x.pt [/]", "Look at its name.")


@pytest.mark.slow
async def test_while_something_runs_nothing_is_loaded_and_the_name_that_is_typed_waits() -> None:
    async with opened() as played:
        played.explorer.running = "training"
        await played.press("W", *"w.pt")
        await played.sees("W and 4 keys wait for it, Esc gives up")
        played.explorer.running = ""
        await played.sees("Weights for rgnet")
        await played.until(lambda: getattr(played.app.focused, "value", "") == "w.pt", "what was typed is in its line")


@pytest.mark.slow
async def test_beside_a_file_there_is_no_network_to_load_into() -> None:
    async with opened(engine=None) as played:
        played.explorer.summary = type(played.explorer.summary)(
            **{name: getattr(played.explorer.summary, name) for name in played.explorer.summary.__struct_fields__}
            | {"kind": "checkpoint"}
        )
        await played.press("W")
        await played.sees("only tensors are open")


async def test_the_prompt_completes_and_offers_weights_and_no_networks() -> None:
    async with opened() as played:
        played.engine.suggested = [
            SourceItem(source="weights/", detail="folder", opens=False),
            SourceItem(source="wide.pt", detail="weights"),
            SourceItem(source="net.py:Wide", detail="network"),
        ]
        await played.press("W")
        await played.sees("weights/", "wide.pt")
        assert "net.py:Wide" not in played.text
        await played.press(*"wi", "tab")
        await played.until(lambda: played.app.screen.line.value == "wide.pt", "completed")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "left")
        assert played.asked(OpenWeights) == []


@pytest.fixture
def weights_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("a.pt").touch()
    return "a.pt"


@pytest.mark.slow
async def test_what_was_opened_before_is_found_when_it_is_typed(weights_here: str) -> None:
    async with opened() as played:
        played.explorer.recent.add(weights_here)
        played.engine.suggested = [SourceItem(source=weights_here, detail="weights")]
        await played.press("W")
        await played.until(lambda: [offer.section for offer in played.app.screen.list.offers] == ["before"], "listed")
        await played.press("a")
        await played.until(lambda: [offer.source for offer in played.app.screen.list.offers] == [weights_here], "found")


@pytest.mark.slow
async def test_suggestions_are_walked_with_the_arrows() -> None:
    async with opened() as played:
        played.engine.suggested = [SourceItem(source=name, detail="weights") for name in ("a.pt", "b.pt")]
        await played.press("W")
        await played.sees("a.pt", "b.pt")
        line = played.app.screen.line
        for key, value in (("down", "a.pt"), ("down", "b.pt"), ("down", "b.pt"), ("up", "a.pt"), ("up", "")):
            await played.press(key)
            assert line.value == value, key
        await played.press("down", "enter")
        await played.until(lambda: played.asked(OpenWeights) == [OpenWeights(checkpoint="a.pt")], "opened")


@pytest.mark.parametrize("size", slow_but(1, [(80, 24), (50, 16)]))
async def test_it_is_of_use_on_a_small_screen(size: tuple[int, int]) -> None:
    async with weights(size) as played:
        await played.sees("certain", "missing 2")
        await played.press("plus")
        await played.until(lambda: played.app.screen.line.has_focus, "the line is there")
        await played.press(*"end.=1.", "enter")
        await played.sees("16 fit")

"""Of `catalogue`, `source_list`, `source_line`: what can be chosen, and the line for a source of one's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fake_app import AppEngine, opened, starting
from textual.events import Key

from models.messages import ListExamples, OpenSource, Problem, SourceItem, SuggestSources
from models.messages.errors import EngineGone
from tui.screens.catalogue import Catalogue
from tui.screens.source_line import SourceLine
from tui.screens.source_list import SourceList


async def test_without_a_source_it_lies_over_the_explorer_and_Enter_opens() -> None:
    async with opened(None) as played:
        assert isinstance(played.app.screen, Catalogue)
        await played.sees("The documented networks", "2.1.3", "The network sequential", "section 1 of the document")
        await played.sees("parameters  7,946", "X = torch.rand(2, 20)", "net(X)")
        assert played.asked(OpenSource) == []
        await played.press("j")
        await played.sees("section 2.1.3 of the document", "parameters  309", "modules  23")
        await played.press("enter")
        await played.sees("309 parameters", "● ready")
        assert played.explorer.module_tree.has_focus


async def test_it_is_there_before_the_engine() -> None:
    engine = AppEngine()
    gate = engine.hold(ListExamples)
    async with starting(None, engine=engine) as played:
        await played.sees("Starting the engine", "FILE.py:NAME, package.module:NAME, or a file or folder of weights")
        gate.set()
        await played.sees("The network rgnet")


@pytest.mark.slow
async def test_before_the_engine_is_started_it_does_not_say_that_there_is_none() -> None:
    engine = AppEngine()
    engine.start_gate = asyncio.Event()
    async with starting(None, engine=engine) as played:
        await played.sees("Starting the engine …", "FILE.py:NAME, package.module:NAME")
        assert "There is no engine" not in played.text
        engine.refusal = EngineGone("There is no program 'python9'")
        engine.start_gate.set()
        await played.sees("There is no program 'python9'")
        (catalogue,) = (each for each in played.app.screen_stack if isinstance(each, Catalogue))
        assert catalogue.list.empty == "There is no program 'python9'. R starts a new engine."


async def test_another_source_is_typed() -> None:
    engine = AppEngine()
    engine.sources["pkg.nets:Net"] = engine.sources["shared"]
    async with opened(None, engine=engine) as played:
        await played.press("/", *"pkg.nets:Net", "enter")
        await played.until(lambda: played.explorer.summary is not None, "opened")
        assert played.asked(OpenSource)[0].source == "pkg.nets:Net"
        await played.sees("121 parameters")


async def test_escape_leaves_the_line_then_the_catalogue_when_something_is_open() -> None:
    async with opened() as played:
        await played.press("o")
        await played.sees("The network shared")
        await played.press("o", "x", "escape")
        assert isinstance(played.app.screen, Catalogue)
        await played.press("escape")
        await played.sees("309 parameters")
        assert len(played.asked(OpenSource)) == 1


@pytest.mark.slow
async def test_escape_with_nothing_open_says_what_to_do() -> None:
    async with opened(None) as played:
        await played.press("escape")
        await played.sees("q quits")
        assert isinstance(played.app.screen, Catalogue)


@pytest.mark.slow
async def test_q_quits_from_it_and_is_typed_in_its_line() -> None:
    async with opened(None) as played:
        await played.press("/", "q")
        assert played.app.is_running
        await played.press("escape", "q")
        await played.until(lambda: played.app.return_code == 0, "quit")


@pytest.mark.slow
async def test_an_engine_that_ends_is_reported_and_a_new_one_fills_it() -> None:
    engine = AppEngine()
    engine.hold(ListExamples)
    async with starting(None, engine=engine) as played:
        await played.until(lambda: played.asked(ListExamples), "asked")
        engine.end("exit status 1", "ImportError: msgspec")
        await played.sees("exit status 1", "ImportError: msgspec")
        await played.press("R")
        await played.sees("The network rgnet")


async def test_it_fits_80x24() -> None:
    async with opened(None, size=(80, 24)) as played:
        await played.sees(
            "The network sequential",
            "parameters  7,946",
            "FILE.py:NAME, package.module:NAME, or a file or folder of weights",
        )


@pytest.mark.slow
async def test_a_click_on_a_row_moves_and_a_double_click_opens() -> None:
    async with opened(None) as played:
        assert await played.pilot.click("SourceList", offset=(10, 2))
        await played.sees("parameters  121")
        assert await played.pilot.click("SourceList", offset=(10, 2), times=2)
        await played.sees("121 parameters")


def here(*sources: str) -> AppEngine:
    """An engine in whose folder these lie; what ends with `/` or `:` is only a beginning."""
    engine = AppEngine()
    engine.suggested = [SourceItem(source=source, detail="weights", opens=source[-1] not in "/:") for source in sources]
    for source in sources:
        engine.sources[source] = engine.sources["shared"]
    return engine


async def test_what_lies_here_stands_below_the_networks_and_Enter_opens_it() -> None:
    async with opened(None, engine=here("model.pt", "train.py:Net")) as played:
        await played.sees("here   model.pt", "here   train.py:Net", "The documented networks, what is here.")
        await played.press("G", "enter")
        await played.sees("121 parameters", "● ready")
        assert [body.source for body in played.asked(OpenSource)] == ["train.py:Net"]


async def test_Tab_completes_the_line_as_far_as_there_is_one_way() -> None:
    async with opened(None, engine=here("train.py:", "train.py:Net", "train.py:Norm", "model.pt")) as played:
        await played.press("/", *"tr", "tab")
        line = played.app.screen.query_one(SourceLine)
        assert line.value == "train.py:"
        assert line.has_focus
        await played.press("tab")
        assert line.value == "train.py:"
        await played.press(*"Ne", "tab", "enter")
        await played.sees("121 parameters")
        assert [body.source for body in played.asked(OpenSource)] == ["train.py:Net"]


@pytest.mark.slow
async def test_a_Tab_right_behind_the_letters_waits_for_the_suggestions_and_Enter_for_it() -> None:
    engine = here("checkpoint.safetensors", "model.pt")
    async with opened(None, engine=engine) as played:
        gate = engine.hold(SuggestSources)
        for key in ["slash", *"che", "tab", "enter"]:
            played.app.post_message(Key(key, key if len(key) == 1 else None))
        await played.until(lambda: played.asked(SuggestSources)[-1].text == "che", "asked")
        assert played.asked(OpenSource) == []
        gate.set()
        await played.sees("121 parameters")
        assert [body.source for body in played.asked(OpenSource)] == ["checkpoint.safetensors"]


async def test_arrows_put_suggestions_into_the_line_and_give_back_what_was_typed() -> None:
    async with opened(None, engine=here("a1.pt", "a2.pt", "b.pt")) as played:
        await played.press("/", "a")
        await played.sees("Tab completes the line")
        await played.until(lambda: "b.pt" not in played.text, "what begins otherwise is left out")
        line = played.app.screen.query_one(SourceLine)
        values = []
        for key in ("down", "down", "down", "up", "up", "up"):
            await played.press(key)
            values.append(line.value)
        assert values == ["a1.pt", "a2.pt", "a2.pt", "a1.pt", "a", "a"]
        assert not line.has_focus  # up from the line leads to the list
        await played.press("escape")
        await played.sees("The documented networks")


@pytest.mark.slow
async def test_what_can_only_be_a_beginning_goes_into_the_line() -> None:
    async with opened(None, engine=here("nets/", "nets/a.pt")) as played:
        await played.press("/", "n")
        await played.sees("nets/a.pt")
        await played.press("up", "enter")
        line = played.app.screen.query_one(SourceLine)
        assert line.value == "nets/"
        assert line.has_focus
        assert played.asked(OpenSource) == []


@pytest.mark.slow
async def test_an_engine_that_cannot_suggest_leaves_the_line_as_it_was() -> None:
    engine = AppEngine()
    engine.problems[SuggestSources] = Problem("usage", "not here")
    engine.sources["x.py:Net"] = engine.sources["shared"]
    async with opened(None, engine=engine) as played:
        await played.press("/", *"x.py:Net", "tab", "enter")
        await played.sees("121 parameters")


async def test_what_was_opened_before_is_offered_the_newest_first(tmp_path: Path) -> None:
    engine = AppEngine()
    for name in ("one.pt", "two.pt"):
        (tmp_path / name).write_bytes(b"")
        engine.sources[str(tmp_path / name)] = engine.sources["shared"]
    async with opened(str(tmp_path / "one.pt"), engine=engine) as played:
        await played.press("o", "/")
        played.app.screen.query_one(SourceLine).write(str(tmp_path / "two.pt"))
        await played.press("enter")
        await played.sees("121 parameters")
        await played.press("o")
        await played.sees("one.pt", "two.pt", "what was opened before")
        offers = [offer.source for offer in played.app.screen.query_one(SourceList).offers]
        assert offers[3:] == [str(tmp_path / "two.pt"), str(tmp_path / "one.pt")]


@pytest.mark.slow
async def test_o_comes_back_to_the_row_of_what_is_open() -> None:
    async with opened("shared") as played:
        await played.press("o")
        await played.sees("section 2 of the document")
        offer = played.app.screen.query_one(SourceList).offer
        assert offer is not None
        assert offer.source == "shared"


async def test_names_from_outside_are_no_markup_and_move_no_cursor() -> None:
    async with opened(None, engine=here("[red]a\x1b[2J.pt", "b\nc.pt")) as played:
        await played.sees("[red]a␛[2J.pt", "b␊c.pt")
        await played.press("G", "k")
        await played.sees("Enter opens it.")

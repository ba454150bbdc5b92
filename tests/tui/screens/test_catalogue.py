from __future__ import annotations

from fake_app import AppEngine, opened, starting

from models.messages import ListExamples, OpenSource
from tui.screens.catalogue import Catalogue


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


async def test_escape_with_nothing_open_says_what_to_do() -> None:
    async with opened(None) as played:
        await played.press("escape")
        await played.sees("q quits")
        assert isinstance(played.app.screen, Catalogue)


async def test_q_quits_from_it_and_is_typed_in_its_line() -> None:
    async with opened(None) as played:
        await played.press("/", "q")
        assert played.app.is_running
        await played.press("escape", "q")
        await played.until(lambda: played.app.return_code == 0, "quit")


async def test_an_engine_that_ends_is_told_and_a_new_one_fills_it() -> None:
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


async def test_a_click_on_a_row_moves_and_a_double_click_opens() -> None:
    async with opened(None) as played:
        assert await played.pilot.click("ExampleList", offset=(10, 2))
        await played.sees("parameters  121")
        assert await played.pilot.click("ExampleList", offset=(10, 2), times=2)
        await played.sees("121 parameters")

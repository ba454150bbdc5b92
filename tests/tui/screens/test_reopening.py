from __future__ import annotations

import pytest
from fake_app import AppEngine, Played, opened

from models.messages import ChangedFiles, Execute, FilesChanged, OpenSource, Problem, SourceOpened
from tui.screens.reopening import LARGE, changed_words
from tui.settings import Settings


async def opened_again(played: Played, times: int = 2) -> None:
    await played.until(lambda: len(played.asked(OpenSource)) == times, "opened again")
    await played.rest()


async def test_what_a_refused_R_leaves_is_what_was_open() -> None:
    async with opened() as played:
        played.engine.problems[OpenSource] = Problem("source", "net.py: SyntaxError")
        await played.press("R")
        await played.sees("net.py: SyntaxError", "R opens it again")
        await played.press("escape")
        await played.sees("● ready", "f forward")
        assert played.engine.starts == 1
        await played.press("f")
        await played.sees("Calls 18")
        played.engine.problems.clear()
        await played.press("R")
        await played.reported("is open again, as it was built anew")


@pytest.mark.slow
async def test_what_runs_is_ended_with_its_engine() -> None:
    async with opened() as played:
        played.engine.hold(Execute)
        await played.type("while True: pass\n")
        await played.until(lambda: played.explorer.running, "it runs")
        await played.press("escape", "R")
        await opened_again(played)
        assert played.engine.starts == 2
        assert not played.asked(OpenSource)[-1].anew
        await played.reported("the names that were made in the console are gone")


async def test_a_large_network_is_freed_before_it_is_built_again() -> None:
    engine = AppEngine()
    engine.summary_fields["bytes"] = LARGE + 1
    async with opened(engine=engine) as played:
        await played.press("R")
        await opened_again(played)
        assert engine.starts == 2
        engine.summary_fields["kind"] = "checkpoint"  # of which no number is in memory
        await played.press("R")
        await opened_again(played, 3)
        await played.press("R")
        await opened_again(played, 4)
        assert engine.starts == 2 + 1


@pytest.mark.slow
async def test_an_engine_that_ended_is_replaced() -> None:
    async with opened() as played:
        played.engine.end()
        await played.sees("no engine: R restarts")
        await played.press("R")
        await opened_again(played)
        assert played.engine.starts == 2
        assert not any("names that were made" in line for line in played.log)  # there were none


async def test_names_that_survive_and_that_do_not_are_listed() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        open_source = engine._on_OpenSource
        engine.answers[OpenSource] = lambda body: SourceOpened(
            summary=open_source(body).summary, names_kept=["rows", "X"], names_gone=["[b]other[/]"]
        )
        await played.press("R")
        await played.reported("names of the console that are kept: rows, X")
        await played.reported("names of the console that are gone: [b]other[/]")


async def looked(played: Played) -> None:
    """Let the explorer look at the files once."""
    before = len(played.asked(ChangedFiles))
    played.explorer._look()
    await played.until(lambda: len(played.asked(ChangedFiles)) > before, "asked")
    await played.rest()


async def test_a_change_on_disk_is_shown_until_it_is_opened_and_reported_once() -> None:
    async with opened() as played:
        await looked(played)
        assert "changed" not in played.text
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=1, settled=False)
        await looked(played)
        await played.sees("● net.py changed: R opens anew")
        assert not any("net.py" in line for line in played.log)
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=1)
        await looked(played)
        await looked(played)
        assert sum("net.py changed: R opens it anew" in line for line in played.log) == 1
        assert len(played.asked(OpenSource)) == 1
        played.engine.files_changed = FilesChanged()
        await played.press("R")
        await opened_again(played)
        await played.sees("● ready")


async def test_by_choice_each_save_is_opened_once_it_is_written_whole() -> None:
    async with opened() as played:
        await played.press("O")
        await played.reported("opens anew at each save")
        assert Settings().reopen_on_save
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=3, settled=False)
        await looked(played)
        assert len(played.asked(OpenSource)) == 1
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=3)
        played.engine.problems[OpenSource] = Problem("source", "net.py: SyntaxError", "line 3")
        await looked(played)
        await opened_again(played)
        await played.reported("net.py: SyntaxError")
        assert played.app.screen is played.explorer  # no panel over what somebody looks at
        await looked(played)
        assert len(played.asked(OpenSource)) == 2  # what cannot be opened is not tried again before the next save
        played.engine.problems.clear()
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=4)
        await looked(played)
        await opened_again(played, 3)
        await played.reported("is open again")
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=4)  # it counts from the opening on
        await looked(played)
        await opened_again(played, 4)
        played.engine.files_changed = FilesChanged()
        await played.press("O")
        assert not Settings().reopen_on_save


@pytest.mark.slow
async def test_by_choice_the_second_save_is_opened_too_though_its_version_is_that_of_the_first() -> None:
    engine = AppEngine()
    async with opened(engine=engine) as played:
        open_source = engine._on_OpenSource

        def opens(body: OpenSource) -> SourceOpened:
            engine.files_changed = FilesChanged()  # the engine counts from what is opened on
            return open_source(body)

        engine.answers[OpenSource] = opens
        await played.press("O")
        for times in (2, 3):
            engine.files_changed = FilesChanged(files=["/a/net.py"], version=1)
            await looked(played)
            await opened_again(played, times)


@pytest.mark.slow
async def test_a_save_that_was_only_reported_is_opened_when_that_is_chosen() -> None:
    async with opened() as played:
        played.engine.files_changed = FilesChanged(files=["/a/net.py"], version=1)
        await looked(played)
        assert len(played.asked(OpenSource)) == 1
        await played.press("O")
        await looked(played)
        await opened_again(played)


@pytest.mark.slow
async def test_nothing_is_asked_while_code_runs() -> None:
    async with opened() as played:
        played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running, "it runs")
        before = len(played.asked(ChangedFiles))
        played.explorer._look()
        await played.rest()
        assert len(played.asked(ChangedFiles)) == before


def test_many_changed_files_are_counted_and_their_names_are_made_safe() -> None:
    assert changed_words([]) == ""
    assert changed_words(["/a/\x1b[2J.py"]) == "␛[2J.py changed"
    assert changed_words([f"/a/{letter}.py" for letter in "abcde"]) == "a.py, b.py, c.py and 2 more changed"


@pytest.mark.slow
async def test_what_was_asked_for_first_is_asked_for_again() -> None:
    async with opened(language="zh", seed=3, device="cpu", trust=True) as played:
        await played.press("R")
        await opened_again(played)
        first, again = played.asked(OpenSource)
        given = ("source", "inputs", "inputs_from", "seed", "device", "trust", "weights", "language")
        assert [getattr(again, name) for name in given] == [getattr(first, name) for name in given]
        assert (again.language, again.seed, again.trust) == ("zh", 3, True)

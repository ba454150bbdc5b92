"""Of `sharing`, `tui/widgets/table/share_list.py`: what is shared, what that saves, and the way to each name."""

from __future__ import annotations

import msgspec
import pytest
from cases import slow_but
from fake_app import opened
from fake_sharing import EQUAL, PART

from models.messages import Execute, Finding, FoundFindings, Problem, ReadSharing


async def test_every_group_is_shown_with_its_names_and_what_it_saves() -> None:
    async with opened() as played:
        await played.press("M")
        await played.sees(
            "What is shared in rgnet",
            "16 tensors: 1 shared object, 1 in a larger memory, 1 set of equal values; sharing saves 1.0 KB",
            "⇄ Linear [/] under 2 names",
            "1.0 KB, saves 1.0 KB",
            "◧ a tensor in a memory of 312.5 KB",
            "312.2 KB of it unused",
            "elements 0–87 of 80,000",
            "= 2 tensors of equal values in separate memory",
            "tying would save 2.0 KB",
        )
        assert [body.values for body in played.asked(ReadSharing)] == [False, True]


async def test_the_notes_are_those_of_the_group_under_the_cursor() -> None:
    async with opened() as played:
        await played.press("M")
        await played.sees("· its gradient is the sum of what each use adds")
        await played.press("down", "down", "down", "down")
        await played.sees("· saving 1.bias alone writes 312.5 KB for 352 bytes")
        assert "its gradient" not in played.text


async def test_a_name_is_shown_in_the_tree() -> None:
    async with opened() as played:
        await played.press("M")
        await played.sees("1.weight")
        await played.press("down", "down", "down", "down", "enter")
        await played.until(lambda: played.explorer.path == "1.bias", "selected")
        assert played.app.screen is played.explorer


async def test_what_ties_them_is_shown_and_run_in_the_console() -> None:
    async with opened() as played:
        await played.press("M")
        await played.sees("tying would save")
        await played.press("x")
        await played.reported("Nothing can be done about it here.")
        assert "tie, untie" not in played.text
        await played.press("G")
        await played.sees("x tie, untie", "x ties them: net[1].weight = net[0].weight …")
        await played.press("x")
        await played.until(lambda: played.asked(Execute), "run")
        assert [body.text for body in played.asked(Execute)] == [EQUAL.code]
        assert played.app.screen is played.explorer


@pytest.mark.slow
async def test_what_nothing_uses_of_a_flat_memory_is_said_beside_it() -> None:
    async with opened() as played:
        flat = msgspec.structs.replace(PART, kind="flat", title="2 tensors of one storage")
        played.engine.equal = (flat, msgspec.structs.replace(flat, title="all of it", saved=0))
        await played.press("M")
        await played.sees("◫ 2 tensors of one storage", "312.5 KB, 312.2 KB of it unused", "◫ all of it")
        assert "of it unused" not in next(line for line in played.text.split("\n") if "◫ all of it" in line)


@pytest.mark.slow
async def test_what_x_does_is_seen_at_80x24_however_much_there_is_to_know() -> None:
    async with opened(size=(80, 24)) as played:
        notes = [
            f"note {number} of those that take more than one line at this width, as most do" for number in range(8)
        ]
        played.engine.equal = (msgspec.structs.replace(EQUAL, notes=notes),)
        await played.press("M")
        await played.sees("tying would save")
        await played.press("G")
        await played.sees("x ties them: net[1].weight = net[0].weight …", "· note 0")


async def test_findings_that_belong_to_it_are_reported_and_led_to() -> None:
    async with opened() as played:
        kinds = {"unregistered": "0.block 0", "nan": "1", "shared_statistics": "0.block 1"}
        found = [Finding(kind=kind, severity="note", text=f"{kind} [/]", path=path) for kind, path in kinds.items()]
        played.engine.found = FoundFindings(findings=found)
        await played.press("M")
        await played.sees("to look out for", "0.block 0  unregistered [/]", "0.block 1  shared_statistics [/]")
        assert "nan [/]" not in played.text
        await played.press("G", "enter")
        await played.until(lambda: played.explorer.path == "0.block 1", "selected")


async def test_while_values_are_compared_the_rest_is_there_and_leaving_cancels_it() -> None:
    async with opened() as played:
        played.engine.steps[ReadSharing] = ["comparing values: 40%"]
        gate = played.engine.hold(ReadSharing)
        await played.press("M")
        await played.sees("Looking …")
        played.engine._gates.clear()
        gate.set()
        second = played.engine.hold(ReadSharing)
        await played.sees("Linear [/] under 2 names", "comparing values: 40%")
        await played.press("escape")
        await played.until(lambda: ReadSharing(values=True) in played.engine.cancelled, "cancelled")
        assert played.app.screen is played.explorer
        second.set()


async def test_where_nothing_is_shared_that_is_said() -> None:
    async with opened() as played:
        played.engine.shared = played.engine.equal = ()
        await played.press("M")
        await played.sees("Nothing is shared: every name has an object of its own", "16 tensors: nothing shared")


@pytest.mark.slow
async def test_what_cannot_be_looked_at_says_why() -> None:
    async with opened() as played:
        played.engine.problems[ReadSharing] = Problem("usage", "Nothing is open [/]")
        await played.press("M")
        await played.sees("Nothing is open [/]")
        await played.press("q")
        await played.until(lambda: played.app.screen is played.explorer, "left")


@pytest.mark.parametrize("size", slow_but(1, [(80, 24), (50, 16)]))
async def test_it_is_of_use_on_a_small_screen(size: tuple[int, int]) -> None:
    async with opened(size=size) as played:
        await played.press("M")
        await played.sees("⇄ Linear", "its gradient is the sum")


@pytest.mark.slow
async def test_at_80x24_what_the_list_cuts_stands_below_in_whole() -> None:
    async with opened(size=(80, 24)) as played:
        text = "lies in the memory of " + ", ".join(f"layers.{at}.weight" for at in range(12)) + ": the end of it"
        finding = Finding(kind="unregistered", severity="warning", text=text, path="0.block 0")
        played.engine.found = FoundFindings(findings=[finding])
        part = "elements 128–12,287 of 12,288, " * 3 + "strides (192, 1)"
        whole = [msgspec.structs.replace(PART.members[0], part=part)]
        notes = [f"note {number}, {'that takes two lines of a terminal ' * 3}its end" for number in range(4)]
        played.engine.shared = (msgspec.structs.replace(PART, members=whole, notes=notes),)
        await played.press("M")
        await played.sees("to look out for")
        await played.press("G")
        await played.sees(": the end of it")
        await played.press("g", "down")
        await played.sees("strides (192, 1)", "note 3")
        assert played.text.count("its end") == 4

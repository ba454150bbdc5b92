"""Of `saving`, `save_form`: what would be written is shown before it is, and nothing is written over."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import opened
from fake_saving import THERE

from models.messages import Interrupt, PlanSave, Problem, SaveOptions, SaveTensors


async def test_the_file_that_would_be_made_is_shown_and_then_written() -> None:
    async with opened() as played:
        await played.press("ctrl+s")
        await played.sees("Save the tensors of rgnet", "net.safetensors", "a safetensors file: 16 tensors, 4.0 KB")
        assert played.asked(SaveTensors) == []
        await played.press("enter")
        await played.reported(
            "· net.safetensors is written: 16 tensors", "mask is left out [/]", "/home/net.safetensors"
        )
        assert played.asked(SaveTensors) == [SaveTensors(options=SaveOptions(out="net.safetensors"))]
        assert played.app.screen is played.explorer


async def test_each_line_changes_what_would_be_written() -> None:
    async with opened() as played:
        await played.press("ctrl+s")
        await played.sees("net.safetensors")
        await played.press(*["backspace"] * len("net.safetensors"), *"a.pt")
        await played.sees("a torch file")
        await played.press("tab", *"'a b.=' c=", "tab", *"0.*", "tab", *"float16")
        wanted = SaveOptions(out="a.pt", renames=["a b.=", "c="], match="0.*", dtype="float16")
        await played.until(lambda: played.asked(PlanSave)[-1].options == wanted, "asked for")
        await played.sees("· 'a b.=' fits no tensor")
        await played.press("enter")
        await played.until(lambda: [body.options for body in played.asked(SaveTensors)] == [wanted], "written")


async def test_what_is_there_is_named_and_the_form_stays() -> None:
    async with opened() as played:
        await played.press("ctrl+s")
        await played.sees("net.safetensors")
        await played.press(*["backspace"] * len("net.safetensors"), *THERE)
        await played.sees("'there.pt' is there already [/]. Give another name.")
        await played.press("enter")
        await played.until(lambda: played.asked(SaveTensors), "asked")
        await played.sees("'there.pt' is there already [/]")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")


@pytest.mark.slow
async def test_an_open_quote_is_said() -> None:
    async with opened() as played:
        await played.press("ctrl+s")
        await played.sees("net.safetensors")
        await played.press("tab", *"'a=")
        await played.sees("rename: No closing quotation")


async def test_escape_interrupts_what_is_being_written() -> None:
    async with opened() as played:
        gate = played.engine.hold(SaveTensors)
        played.engine.steps[SaveTensors] = ["saving: 40%  0.weight"]
        await played.press("ctrl+s")
        await played.sees("16 tensors")
        await played.press("enter")
        await played.sees("saving: 40%")
        await played.press("escape")
        await played.until(lambda: played.asked(Interrupt), "interrupted")
        played.engine.problems[SaveTensors] = Problem("interrupted", "saving was interrupted")
        gate.set()
        await played.sees("saving was interrupted")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")


@pytest.mark.slow
async def test_while_something_runs_it_has_to_wait() -> None:
    async with opened() as played:
        played.explorer.running = "training"
        await played.press("ctrl+s")
        await played.sees("Ctrl+S waits for it, Esc gives up")
        played.explorer.running = ""
        await played.sees("net.safetensors", "16 tensors")


@pytest.mark.parametrize("size", slow_but(1, [(80, 24), (50, 16)]))
async def test_it_fits_on_a_small_screen(size: tuple[int, int]) -> None:
    async with opened(size=size) as played:
        await played.press("ctrl+s")
        await played.sees("net.safetensors", "16 tensors")

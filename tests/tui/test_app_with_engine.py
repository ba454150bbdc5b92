"""The interface with the real engine: the facts of the source document, seen on the screen."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_app import Played

from models.engine.launch import Launch
from tui.app import ModulescopeApp
from tui.command_line import CommandOptions
from tui.screens.run_choices import RunChoices
from tui.widgets.table.call_table import CallTable

STARTING = 60.0
"""Seconds in which an engine imports torch on a busy machine."""


@asynccontextmanager
async def opened(source: str, weights: str | None = None) -> AsyncIterator[Played]:
    app = ModulescopeApp(CommandOptions(source=source, seed=0, weights=weights), Launch.local())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        played = Played(app, None, pilot)  # type: ignore[arg-type]
        await played.until(lambda: played.explorer.row is not None, "opened", STARTING)
        yield played


async def go(played: Played, path: str) -> None:
    played.explorer.go_to(path)
    await played.until(lambda: played.explorer.path == path, f"{path!r} is selected")


async def statement(played: Played, text: str, *lines: str) -> None:
    """Run it and wait for lines of the log."""
    await played.type(text)
    for line in lines:
        await played.until(lambda line=line: line in played.log, f"{line!r} in {played.log}", 30)


def row(played: Played, name: str, shape: str) -> str:
    """The line of the tree with a tensor."""
    (found,) = [line[:57] for line in played.text.splitlines() if f" {name} " in line[:57] and shape in line[:57]]
    return found


async def test_rgnet_is_opened_run_and_asked() -> None:
    async with opened("rgnet") as played:
        await played.sees("309 parameters", "block 3")
        await go(played, "0.block 1.0.bias")
        await played.sees("8 elements", "[8] float32")
        await played.press("f")
        await played.sees("Calls 23")
        await played.reported("[2, 1] float32")
        await played.press("2")
        await played.sees("No gradient")
        await played.press("b")
        await played.until(lambda: "No gradient" not in played.text, "a gradient")
        await statement(played, "net[0][1][0].bias.shape", "torch.Size([8])")
        await statement(played, "print('a'); rgnet[1].bias.grad is None", "a", "False")
        assert played.log.index("a") < played.log.index("False")


async def test_both_names_of_a_shared_module_are_marked_when_one_changes() -> None:
    async with opened("shared") as played:
        await played.sees("121 parameters")
        await statement(played, "net[2].weight.data[0, 0] = 100")
        await played.reported("changed: ")
        (reported,) = [line for line in played.log if "changed: " in line]
        assert "2.weight" in reported
        assert "4.weight" in reported
        await played.until(
            lambda: sum("*" in line[:57] and "[8, 8]" in line[:57] for line in played.text.splitlines()) == 2
        )
        await statement(played, "net[4].weight.data[0, 0] == 100", "tensor(True)")
        await go(played, "2")
        await played.press("s")
        await played.until(lambda: played.explorer.path == "4", "the twin")


@pytest.mark.slow
async def test_the_constant_is_marked_and_the_loop_is_folded() -> None:
    async with opened("fixed_hidden_mlp") as played:
        await played.sees("420 parameters", "rand_weight")
        assert "!" in row(played, "rand_weight", "[20, 20]")
        await statement(played, "X = torch.full((2, 20), 50.0)")
        await played.press("f")
        await played.until(lambda: played.explorer.query_one("CallTable").complete, "run", 30)
        await played.reported("forward: ")
        rows = played.explorer.query_one("CallTable").count
        assert rows < 20
        await played.sees("×")
        await played.press("b")
        await go(played, "rand_weight")
        await played.press("2")
        await played.sees("receives no gradient")


@pytest.mark.slow
async def test_an_engine_that_is_killed_is_reported_and_restarted() -> None:
    async with opened("shared") as played:
        await go(played, "6.bias")
        await played.sees("[1] float32")
        os.kill(played.app.link.client.greeting.pid, signal.SIGKILL)  # type: ignore[union-attr]
        await played.reported("SIGKILL")
        await played.sees("[1] float32", "121 parameters"[:3])
        await played.press("R")
        await played.until(lambda: not played.explorer.status.gone and "● ready" in played.text, "again", STARTING)
        await played.until(lambda: played.explorer.path == "6.bias", "the selection")
        await statement(played, "net[6].bias.shape", "torch.Size([1])")


@pytest.mark.slow
async def test_the_tree_answers_during_an_endless_loop_which_is_interrupted() -> None:
    async with opened("rgnet") as played:
        await played.type("while True: pass\n")
        await played.until(lambda: played.explorer.running == "running", "it runs", 30)
        await go(played, "1.bias")
        await played.sees("[1] float32")
        assert played.explorer.running == "running"
        await played.press("ctrl+c")
        await played.until(lambda: "KeyboardInterrupt" in "\n".join(played.log), "interrupted", 30)
        await played.until(lambda: played.explorer.running == "", "free again")
        await statement(played, "6 * 7", "42")


@pytest.mark.slow
async def test_the_catalogue_and_the_note_of_a_network_are_in_the_language_that_was_asked_for() -> None:
    app = ModulescopeApp(CommandOptions(language="zh"), Launch.local())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        played = Played(app, None, pilot)  # type: ignore[arg-type]
        await played.until(lambda: "由层组成的列表就是网络" in played.text, "the catalogue", STARTING)
        await played.press("enter")
        await played.until(lambda: played.explorer.row is not None, "opened", STARTING)
        await played.until(lambda: "两个线性层" in "".join(played.log), "the note")


@pytest.mark.slow
async def test_weights_are_loaded_and_loaded_again_with_the_network(tmp_path: Path) -> None:
    import torch

    (tmp_path / "net.py").write_text("from torch import nn\ndef build(): return nn.Sequential(nn.Linear(3, 2))\n")
    torch.save({"module.0.weight": torch.full((2, 3), 7.0)}, tmp_path / "w.pt")
    source, weights = f"{tmp_path}/net.py:build", f"{tmp_path}/w.pt"
    line = f"weights: 1 of 2 tensors loaded from {weights} with 1 rule; 1 missing"
    async with opened(source, weights) as played:
        await played.until(lambda: line in "".join(played.log), f"{line!r} in {played.log}")
        await statement(played, "net[0].weight.sum().item()", "42.0")
        await statement(played, "net[0].weight.data.zero_().sum().item()", "0.0")
        await played.press("R")
        await played.until(lambda: "".join(played.log).count(line) == 2, "loaded again", STARTING)
        await statement(played, "net[0].weight.mean().item()", "7.0")


@pytest.mark.slow
async def test_a_layer_is_initialised_after_a_look_and_taken_back() -> None:
    async with opened("parameter_access") as played:
        await go(played, "0.weight")
        await played.press("P")
        await played.sees("uniform(±√(6/(4 + 8)) = ±0.7071)", "1 parameter filled")
        await played.press("ctrl+g")
        await played.sees("1 today", "2 xavier_uniform_", "2 Linear")
        await played.press("c")  # to constant_
        await played.sees("constant 0")
        await played.press("down", *"42", "enter")
        await played.reported("constant_(val=42) of 0.weight", "nn.init.constant_(net[0].weight, val=42)")
        await played.sees("constant: every element is 42")
        await statement(played, "net[0].weight.unique().tolist()", "[42.0]")
        await played.press("escape", "u")
        await played.reported("took back `constant_(val=42) of 0.weight`: 0.weight")


@pytest.mark.slow
async def test_weights_with_rules_are_loaded_saved_and_taken_back(tmp_path: Path) -> None:
    import torch

    (tmp_path / "net.py").write_text("from torch import nn\ndef build(): return nn.Sequential(nn.Linear(3, 2))\n")
    torch.save({"module.fc.weight": torch.full((2, 3), 7.0), "module.fc.bias": torch.arange(2.0)}, tmp_path / "w.pt")
    async with opened(f"{tmp_path}/net.py:build") as played:
        await played.press("W")
        await played.sees("Names and shapes are compared first")
        played.app.screen.query_one("SourceLine").value = f"{tmp_path}/w.pt"  # type: ignore[attr-defined]
        await played.press("enter")
        await played.sees("2 fit with the rules taken: everything fits", "module.")
        await played.press("A")
        await played.reported("2 of 2 tensors loaded")
        await statement(played, "net[0].weight.sum().item(), net[0].bias.tolist()", "(42.0, [0.0, 1.0])")
        await played.press("escape", "ctrl+s")
        await played.sees("2 tensors")
        played.app.screen.query_one("#save-file").value = f"{tmp_path}/out.pt"  # type: ignore[attr-defined]
        await played.press("enter")
        await played.until((tmp_path / "out.pt").exists, "saved")
        assert torch.load(tmp_path / "out.pt")["0.weight"].sum() == 42
        await played.until(lambda: played.app.screen is played.explorer, "back")
        await played.press("u")
        await played.until(lambda: "took back" in "".join(played.log), "taken back")
        await statement(played, "abs(net[0].weight.sum().item()) < 10", "True")


@pytest.mark.slow
async def test_a_run_is_compared_with_the_one_before_an_edit_and_with_eval() -> None:
    async with opened("rgnet") as played:
        await played.press("f")
        await played.sees("Calls 23")
        await statement(played, "net[0][1][0].bias.data[0] = 5")
        await played.press("escape", "f")
        await played.until(lambda: played.explorer.query_one(CallTable).run == 2, "a second run")
        await played.until(lambda: not played.explorer.pending and not played.explorer.running, "it is over")
        await played.press("6", "D")
        await played.until(lambda: isinstance(played.app.screen, RunChoices), "the panel stands")
        await played.press("enter")
        await played.sees("18 of 23 differ, the first is #8", "▶ changed")
        assert "it reads 0.block 1.0.bias, which changed in between" in "\n".join(played.log)
        await played.press("D")
        await played.until(lambda: isinstance(played.app.screen, RunChoices), "the panel stands again")
        await played.press("3")
        await played.sees("none differs · A run 2 · B run 3 in eval")
        await played.press("escape", "u")
        await played.reported("took back")
        await played.press("f")
        await played.until(lambda: played.explorer.query_one(CallTable).run == 4, "the next run alone")
        await played.sees("the runs are no longer compared")

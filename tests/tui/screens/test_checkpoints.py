"""The explorer with the tensors of a file open."""

from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import AppEngine, opened, rgnet
from fake_checkpoint import SUMMARY, checkpoint

from models.messages import (
    Backward,
    Describe,
    Description,
    Fact,
    FactGroup,
    Forward,
    GradientRows,
    Progress,
    SourceCode,
    SourceText,
    StatisticsOfAll,
    TensorRows,
    Undo,
    Window,
)

REMARK = "only tensors are open: nothing can run"


@pytest.fixture
def engine() -> AppEngine:
    made = AppEngine()
    made.sources["run/ckpt.pt"] = lambda: checkpoint(4)
    made.sources["net"] = rgnet
    made.summary_fields = dict(SUMMARY)
    made.answers[SourceCode] = lambda body: SourceText(
        path=body.path, class_name="", reason="A checkpoint holds no code. Open the network's own file."
    )
    return made


async def test_what_it_is_is_reported_and_keys_that_need_code_are_left_out(engine: AppEngine) -> None:
    engine.summary_fields["warnings"] = [f"shard {number} is missing" for number in range(6)]
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.sees("run/ckpt.pt  torch training checkpoint with its state dict under 'model'", "● ready")
        assert "frozen" not in played.text
        assert any("state['name'] reads a tensor into the console" in line for line in played.log)
        warned = [line for line in played.log if "warning" in line]
        assert warned[:1] == ["· warning: shard 0 is missing"]
        assert warned[-1] == "· and 2 more warnings: 3 (Info) shows them"
        footer = played.text.split("\n")[-1]
        assert "search" in footer
        assert "forward" not in footer
        assert "backward" not in footer


async def test_the_tree_shows_groups_inferred_classes_and_what_is_no_tensor(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", (120, 80), engine) as played:
        lines = [" ".join(line[:57].replace("│", " ").split()).strip("▌▏ ") for line in played.text.split("\n")]
        assert "▾ [0–3] ×4 ~TransformerEncoderLayer 8 928 3.6 KB" in lines
        assert "▾ norm1 ~Norm 8 16 64 B" in lines
        assert "in_proj_weight [24, 8] 192 768 B" in lines
        assert "epoch 3" in lines
        assert "▾ config" in lines
        assert "name 'tiny'" in lines
        await played.selected("model.layers.2")
        await played.press("left", "left")
        await played.until(lambda: played.explorer.path == "model.layers.[0–3]", "the group")
        await played.press("left", "left")
        await played.until(lambda: played.explorer.path == "model.layers", "what holds the group")


@pytest.mark.parametrize("key", slow_but(1, ["f", "b", "z", "u"]))
async def test_a_key_that_needs_code_is_answered_with_a_remark(engine: AppEngine, key: str) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press(key)
        await played.sees(REMARK)
        await played.press(key)
        await played.rest()
        assert [kind for kind in (Forward, Backward, Undo) if played.asked(kind)] == []
        assert sum("load_state_dict" in line for line in played.log) == 1
        assert played.notices == []


@pytest.mark.slow
async def test_of_a_network_that_was_only_read_the_remark_names_the_option_that_loads_it(engine: AppEngine) -> None:
    engine.summary_fields["unloaded"] = True
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("f")
        await played.sees("the network was read, not loaded: --trust runs it")
        assert any("open it with --trust" in line for line in played.log)
        assert not any("load_state_dict" in line for line in played.log)


@pytest.mark.slow
async def test_with_a_network_open_the_keys_work_again(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        engine.summary_fields = {}
        played.explorer.open("net")
        await played.sees("309 parameters", "forward")
        await played.press("f")
        await played.until(lambda: played.asked(Forward), "it runs")
        assert REMARK not in played.text
        await played.press("2")
        await played.sees("none yet")


async def test_gradients_and_source_say_that_there_are_none(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("2")
        await played.sees("A file of tensors has no gradients", "FILE.py:NAME")
        for path in ("model.norm.weight", "epoch", "model.layers.[0–3]"):
            await played.selected(path)
            await played.sees("A file of tensors has no gradients")
        assert played.asked(GradientRows) == []
        assert [body for body in played.asked(Window) if body.of == "gradient"] == []
        footer = played.text.split("\n")[-1]
        assert "heat map" not in footer
        await played.press("4")
        await played.sees("A checkpoint holds no code.")


async def test_a_link_in_Info_leads_to_the_optimizer_state(engine: AppEngine) -> None:
    state = "optimizer.state.norm.weight.exp_avg"
    links = [FactGroup(title="Optimizer", facts=[Fact(label="State", text=state, path=state)])]
    engine.answers[Describe] = lambda body: Description(path=body.path, groups=links)
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.selected("model.norm.weight")
        await played.press("3")
        await played.sees("exp_avg →")
        await played.press("j", "enter")
        await played.until(lambda: played.explorer.path == state, "followed")


@pytest.mark.slow
async def test_another_source_starts_with_a_fresh_table(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("tab", "F", *"norm", "enter", "S")
        await played.sees("filter norm", "tensor▲")
        await played.press("o")
        await played.sees("The network rgnet")
        engine.summary_fields = {}
        await played.press("enter")
        await played.sees("7,946 parameters", "gradient")
        assert "filter" not in played.text.split("\n")[2]

        def last() -> TensorRows:
            return played.asked(TensorRows)[-1]

        await played.until(lambda: (last().query, last().order) == ("", "tree"), "the rows of the new table")


@pytest.mark.slow
async def test_a_restart_keeps_filter_and_order(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("tab", "F", *"norm", "enter", "S")
        await played.sees("tensor▲")
        await played.press("R")
        await played.reported("is open again")
        await played.rest()
        await played.sees("filter norm", "tensor▲")
        last = played.asked(TensorRows)[-1]
        assert (last.query, last.order) == ("norm", "name")


async def test_tab_goes_to_the_table_and_not_into_its_filter(engine: AppEngine) -> None:
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("tab", "F", *"bias")
        await played.sees("filter bias")
        await played.press("tab")  # to the console; the filter stays
        assert played.explorer.console.prompt.has_focus
        await played.press("escape", "tab")
        await played.rest()
        await played.sees("filter bias")
        assert played.app.focused is played.explorer.query_one("#values").table
        await played.press("1")
        assert played.app.focused is played.explorer.query_one("#values").table


# -- statistics of all


async def test_A_takes_statistics_from_everywhere_and_goes_on_while_one_looks_around(engine: AppEngine) -> None:
    gate = engine.hold(StatisticsOfAll)
    engine.steps[StatisticsOfAll] = ["statistics 3 of 20"]
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.selected("model.layers.1")
        await played.press("3", "escape", "A")
        await played.sees("A stops · statistics 3 of 20", "min")
        await played.selected("model.norm.weight")
        await played.sees("A stops · statistics 3 of 20", "8 elements")
        assert [body.path for body in played.asked(StatisticsOfAll)] == ["model.layers.1"]
        gate.set()
        await played.sees("statistics of 4 tensors")
        assert "A stops" not in played.text
        await played.selected("model.layers.1")
        await played.sees("norm1.weight")
        assert "·" not in "".join(line[58:] for line in played.text.split("\n")[2:8])


async def test_A_once_more_stops(engine: AppEngine) -> None:
    engine.hold(StatisticsOfAll)
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("A")
        await played.sees("A stops")
        await played.selected("epoch")
        await played.press("A")
        await played.sees("stopped: the statistics so far stay")
        await played.until(lambda: engine.cancelled, "the engine knows")
        assert "A stops" not in played.text
        await played.press("A")  # of what holds the epoch
        await played.until(lambda: [body.path for body in played.asked(StatisticsOfAll)] == ["", ""], "once more")


@pytest.mark.slow
async def test_statistics_under_way_end_with_the_model_they_are_of(engine: AppEngine) -> None:
    engine.hold(StatisticsOfAll)
    engine.steps[StatisticsOfAll] = ["statistics 3 of 20"]
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("A")
        await played.sees("A stops · statistics 3 of 20")
        engine.summary_fields = {}
        played.explorer.open("net")
        await played.sees("309 parameters")
        await played.until(lambda: StatisticsOfAll(path="") in engine.cancelled, "the engine knows")
        table = played.explorer.query_one("#values").table
        table._progressed(Progress(id=0, text="statistics 4 of 20"))  # was on its way
        await played.rest()
        assert "A stops" not in played.text
        assert table.taking == ""

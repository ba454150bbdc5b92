"""What was undone, and is to be done again, in the order in which it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.undo.changes import NothingToUndo, Watch
from models.undo.timeline import Timeline


@pytest.mark.parametrize("where", ["follow_names", "fit"])
def test_what_was_undone_can_be_done_again_also_where_an_interrupt_came_behind_it(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = nn.Linear(2, 2)
    before = net.weight.detach().clone()
    watch = Watch(LiveTree.of(net), 2**28)
    watch.begin("net.weight.data += 1")
    net.weight.data += 1
    after = net.weight.detach().clone()
    watch.end()

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as pressed:
        pressed.setattr(Watch if where == "follow_names" else Timeline, where, interrupted)
        with pytest.raises(KeyboardInterrupt):
            watch.undo()
    assert torch.equal(net.weight, before)
    watch.redo()
    assert torch.equal(net.weight, after)
    watch.undo()
    assert torch.equal(net.weight, before)
    with pytest.raises(NothingToUndo):
        watch.undo()

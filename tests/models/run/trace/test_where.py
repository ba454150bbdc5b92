"""The user's own line, through torch's frames and ours."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.trace.tracing import Trace
from models.run.trace.where import where_of, where_raised


def test_this_line() -> None:
    assert where_of(sys._getframe()) == f"test_where.py:{sys._getframe().f_lineno}"
    assert where_of(None) == ""


def test_console_lines_and_frames_of_python_itself() -> None:
    found: dict[str, str] = {}
    code = compile("\n\nlist(map(tell, [0]))\nimport functools; functools.reduce(tell, [1, 2])", "<console>", "exec")
    exec(code, {"tell": lambda *_: found.update(at=where_of(sys._getframe().f_back))})
    assert found == {"at": "<console>:4"}


def test_torch_lies_between() -> None:
    class Probe(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            self.at = where_of(sys._getframe().f_back)
            return X

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(Probe())

        def forward(self, X: torch.Tensor) -> torch.Tensor:
            return self.inner(X)

    net = Outer()
    run_forward(net, (torch.rand(1),), {}, LiveTree.of(net), Trace())
    assert net.inner[0].at == f"test_where.py:{Outer.forward.__code__.co_firstlineno + 1}"
    alone = Probe()
    run_forward(alone, (torch.rand(1),), {}, LiveTree.of(alone), Trace())
    assert alone.at == ""


def test_where_an_exception_was_raised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.rand(2).reshape(3)
    assert where_raised(caught.value.__traceback__) == f"test_where.py:{caught.tb.tb_lineno}"
    assert where_raised(None) == ""

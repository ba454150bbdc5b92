"""What tests of findings need: a network is run, and asked what is remarkable about it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from models.findings.evidence import Evidence
from models.findings.registry import findings_of
from models.live.live_tree import LiveTree
from models.messages import Finding
from models.run.backward import run_backward
from models.run.forward import run_forward
from models.run.replaced import replaced_parameters
from models.run.trace.record import Trace


def findings(
    network: nn.Module,
    *args: Any,
    backward: bool = False,
    may_fail: bool = False,
    optimizers: list[torch.optim.Optimizer] | None = None,
    **kwargs: Any,
) -> list[Finding]:
    """Run a network, and backward where that is asked for, which fails only if it may, and return all findings."""
    tree, trace = LiveTree.of(network), Trace()
    result = run_forward(network, args, kwargs, tree, trace)
    after = LiveTree.of(network)
    trace.replaced = replaced_parameters(tree, after, trace)
    if backward and result.problem is None:
        back = run_backward(result.output, network, trace, after)
        trace.problem = back.problem
        assert back.problem is None or may_fail
    return findings_of(Evidence(after, trace, optimizers=optimizers or ()))


def without_run(network: nn.Module) -> list[Finding]:
    """Return the findings about a network that did not run."""
    return findings_of(Evidence(LiveTree.of(network)))


def only(kind: str, found: list[Finding]) -> Finding:
    """Return the only finding of a kind."""
    one = [each for each in found if each.kind == kind]
    assert len(one) == 1, found
    return one[0]


def kinds(found: list[Finding], but: str = "") -> set[str]:
    """Return the kinds of those that are no notes."""
    return {each.kind for each in found if each.severity != "note"} - {but}


def rows(*shape: int, seed: int = 0) -> Tensor:
    """Return an input of normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))

"""A forward run without values: shapes, dtypes and costs, no memory for activations, nothing of the model changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._pytree import tree_leaves, tree_map_only

from ...live.live_tree import LiveTree
from ...live.registered import buffers_in, parameters_in
from ...messages import RunMode
from ...tensors.tensors import is_uninitialised
from ..forward import AS_IT_IS, ForwardResult, run_forward
from ..inputs.inputs import ArgsKwargs
from ..inputs.run_mode import in_dtype
from ..trace.meter import Meter
from ..trace.tracing import Trace
from .fake_model import Faking, as_it_was, hold_fakes
from .reasons import reason_of

_LOGGERS = ("torch._subclasses.fake_tensor", "torch.fx.experimental.symbolic_shapes")
"""They write a traceback to stderr for each error that is raised anyway."""


def run_dry(
    inputs: Callable[[], ArgsKwargs], tree: LiveTree, trace: Trace, mode: RunMode = AS_IT_IS
) -> tuple[ForwardResult, str | None]:
    """Run the tree's network on fake tensors, which have shapes and dtypes and no values.

    Meanwhile the network holds fake tensors too: a forward that writes into its own buffers writes into those.  Tensors
    on the meta device are taken as if they were on the processor, whose operations need other memory than meta's.

    Args:
        inputs: makes the inputs; called where what it makes takes no memory.
        mode: what is switched for the time of the run.

    Return the result, and a sentence on why it cannot be done without values (a `while` or `if` on a value, say), else
    None.

    Raises:
        SpecError: from `inputs`.
    """
    modules = list({id(node.item): node.item for node in tree.nodes if isinstance(node.item, nn.Module)}.values())
    if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
        return _not_run("scripted modules need real tensors")
    if any(is_uninitialised(node.item) for node in tree.nodes if isinstance(node.item, Tensor)):
        return _not_run("lazy parameters get their shapes in a real run only")
    fake = FakeTensorMode(allow_non_fake_inputs=True, shape_env=ShapeEnv(), static_shapes=True)
    fakes = Faking(fake)
    trace.is_dry = True
    with as_it_was(modules), _quiet():
        with fake:
            made = in_dtype(inputs(), mode)
        try:
            args, kwargs = tree_map_only(Tensor, fakes, made)
            for module in modules:
                hold_fakes(module, fakes)
        except Exception as error:  # a subclass of Tensor that has no such form
            return _not_run(f"its tensors cannot be faked ({type(error).__name__})")
        with fake:
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            meter = Meter([*given, *parameters_in(tree.root), *buffers_in(tree.root)])
            result = run_forward(
                tree.root, args, kwargs, LiveTree.of(tree.root, tree.name), trace, meter=meter, mode=mode
            )
    return result, reason_of(result, trace)


def _not_run(why: str) -> tuple[ForwardResult, str]:
    return ForwardResult(None, None, None, 0.0), why


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled

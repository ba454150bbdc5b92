"""What findings are made from: the network as it is, and what its last run left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor, nn
from torch.optim import Optimizer

from ..live.live_tree import LiveTree, Node
from ..live.training_notes import TrainingNotes
from ..run.trace.call_mode import training_modes
from ..run.trace.calls import Call
from ..run.trace.record import Trace
from ..work.cancelled import Cancelled, ShouldCancel, never
from .values import Values


@dataclass
class Evidence:
    """What a finding may ask.  Nothing in it may be changed.

    Its tensors may be written to by running code meanwhile, and are of any class: a finding reads elements by `values`.
    """

    tree: LiveTree
    """The network as it is now."""
    trace: Trace | None = None
    """The last run, once it is over; None before the first."""
    warnings: Sequence[str] = ()
    """What opening the network warned of."""
    optimizers: Sequence[Optimizer] = ()
    """Those that the console's names are bound to."""
    training: TrainingNotes | None = None
    """What was seen of code that trains; None where none ran."""
    should_cancel: ShouldCancel = never
    values: Values = field(default_factory=Values)
    """Statistics of the elements of tensors."""
    was_held: Callable[[Tensor], bool] = lambda tensor: True
    """Return whether the network holds a tensor, or held it since it was opened."""

    @cached_property
    def calls(self) -> list[Call]:
        """Return the rows of the last run in order of execution; none before the first."""
        return [] if self.trace is None else self.trace.calls

    @cached_property
    def training_modes(self) -> list[str]:
        """Return of each row `train` or `eval`; empty where no call says so."""
        return training_modes(self.calls)

    @cached_property
    def losses(self) -> list[Call]:
        """Return the rows, and behind them the losses that a statement took of the result, which have none."""
        return [] if self.trace is None else [*self.calls, *self.trace.losses]

    @cached_property
    def called(self) -> dict[str, list[Call]]:
        """Return by path the rows of the modules that the last run called."""
        found: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.kind == "module":
                found.setdefault(call.module, []).append(call)
        return found

    @cached_property
    def read(self) -> dict[str, Call]:
        """Return by path of a parameter, buffer or constant the first row that read it."""
        found: dict[str, Call] = {}
        for call in self.calls:
            for path in call.tensors:
                found.setdefault(path, call)
        return found

    @property
    def ran_whole(self) -> bool:
        """Return whether the last run came to its end, so that what it did not do it does not do at all."""
        return bool(self.calls) and self.trace is not None and self.trace.failed is None

    def modules(self) -> Iterator[tuple[Node, nn.Module]]:
        """Yield each module once, at its first path, the root first; raises `Cancelled`."""
        for node in self._once(self.tree.modules()):
            if isinstance(node.item, nn.Module):
                yield node, node.item

    def tensors(self) -> Iterator[tuple[Node, Tensor]]:
        """Yield each tensor once, at its first path, in tree order; raises `Cancelled`."""
        for node in self._once(self.tree.nodes):
            if isinstance(node.item, Tensor):
                yield node, node.item

    def _once(self, nodes: Iterable[Node]) -> Iterator[Node]:
        seen: set[int] = set()
        for node in nodes:
            if id(node.item) not in seen:
                seen.add(id(node.item))
                if self.should_cancel():
                    raise Cancelled
                yield node

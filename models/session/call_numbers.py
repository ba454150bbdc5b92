"""The elements of a call's tensors: of the copies that its run took, or of a parameter of the network."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..diff.compared.change import change_between
from ..messages import CallTensor, Of, Place, StatisticsOf
from ..opened.number_answers import Answer, NumberAnswers
from ..run.trace.calls import INTERRUPTED, Call
from ..run.trace.captured import Kept, NotKept, Own
from ..tensors.readable import Absent, Readable
from ..tensors.torch_readable import readable_of
from .calls import trace_of

if TYPE_CHECKING:
    from ..opened.node_facts import NodeFacts
    from ..run.trace.record import Trace
    from .session import Session

NOW = "as it is now: of what belongs to the network a run keeps no copies"
OF_NETWORK = "it belongs to the network, of which a run keeps no copies: D in the tree compares its values"
NO_TENSOR = "This call returned no tensor."
UNREACHED = "the last backward brought no gradient to what this call returned"
FAILED = "The call {}: it returned nothing."
FAILED_GIVEN = "The call {}; v shows what it was given."
NOT_TAKEN = "Of this run no copies are kept: f runs again."


class CallNumbers(NumberAnswers):
    """Windows, heat maps and statistics of the tensors of calls."""

    never_changes = False

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, path: Place, of: Of, look: Callable[[Readable], Answer], at_leisure: bool = False) -> Answer:
        """Return `look(tensor)` for the tensor at `path`, or its gradient, with a note on which elements that are.

        Where the run is compared `other` is the same tensor of the other run, and `difference` B - A.  `at_leisure` is
        for a look that may take long.

        Raises:
            EngineProblem: there is no tensor at `path`; of kind `gone`, where the call is not there any more.
        """
        assert isinstance(path, CallTensor)
        if of in ("other", "difference"):
            return self._of_both(path, of, look)
        trace = trace_of(self._session, path)
        call = trace.row(path.call)
        kept = _gradient(trace, path.call) if of == "gradient" else _kept(call, path)
        if kept is None:
            return look(Absent("none", "" if trace.gradients is None else UNREACHED))
        if isinstance(kept, Own):
            found = self._session.model.read(kept.path, of, look, at_leisure)
            return msgspec.structs.replace(found, path=path, note="; ".join(filter(None, (found.note, NOW))))
        if isinstance(kept, NotKept):
            if kept.for_room and of == "value":
                return look(Absent("unkept", kept.reason))
            return look(Absent("unsupported", f"not kept: {kept.reason}" if kept.for_room else kept.reason))
        return self._noted(look(readable_of(kept.tensor)), call)

    def _of_both(self, path: CallTensor, of: Of, look: Callable[[Readable], Answer]) -> Answer:
        """Return `look` at the tensor of the run with which this one is compared, or at how much they differ."""
        from .run_comparison import comparison_of

        compared = comparison_of(self._session)
        beside = compared.place_beside(path)
        if beside is None:
            return look(Absent("unsupported", "the run that it is compared with made no such call"))
        if of == "other":
            return msgspec.structs.replace(self.read(beside, "value", look), path=path)
        a, b = (path, beside) if path.run == compared.a else (beside, path)
        found = look(change_between(self._readable(a), self._readable(b)))
        return self._noted(found, trace_of(self._session, path).row(path.call))

    def _readable(self, path: CallTensor) -> Readable:
        kept = _kept(trace_of(self._session, path).row(path.call), path)
        if isinstance(kept, Own):
            return Absent("unsupported", OF_NETWORK)
        if isinstance(kept, NotKept):
            return Absent("unsupported", f"run {path.run} has no copy: {kept.reason}")
        return readable_of(kept.tensor)

    def _noted(self, found: Answer, call: Call) -> Answer:
        notes = [
            f"of the last of {call.repeat:,} turns" if call.repeat > 1 else "",
            call.captured.note if call.captured is not None else "",
        ]
        note = "; ".join(filter(None, notes))
        return msgspec.structs.replace(found, note=note) if note else found

    def stamp(self, path: Place) -> Hashable:
        """Return None: nothing is kept."""
        return None

    def is_kept(self, found: StatisticsOf) -> bool:
        """Return False: there is one at a time."""
        return False

    def tensors_at(self, path: str) -> Sequence[NodeFacts]:
        """Return nothing."""
        return ()


def _gradient(trace: Trace, index: int) -> Kept | None:
    """Return what is kept of the gradient that came to the result of a call, of a module to the last call within.

    None where none came.
    """
    rows = trace.calls
    end = index + 1
    while end < len(rows) and rows[end].depth > rows[index].depth:
        end += 1
    if rows[index].kind == "operation":
        end = index + 1
    for row in reversed(rows[index:end]):
        if row.captured is not None and row.captured.gradient is not None:
            return row.captured.gradient
    return None


def _kept(call: Call, place: CallTensor) -> Kept:
    """Return what is kept of a tensor of a call."""
    if call.seconds is None:
        return NotKept("The call goes on.")
    if call.failed and place.side == "output":
        text = FAILED_GIVEN if call.captured is not None and call.captured.inputs else FAILED
        return NotKept(text.format("was interrupted" if call.failed == INTERRUPTED else "failed"))
    captured = call.captured
    if captured is None:
        return NotKept(NOT_TAKEN if call.bytes is not None or place.side == "input" else NO_TENSOR)
    every = captured.outputs if place.side == "output" else captured.inputs
    if place.number < len(every):
        return every[place.number]
    return NotKept(NO_TENSOR if place.side == "output" else "This call was given no such tensor.")

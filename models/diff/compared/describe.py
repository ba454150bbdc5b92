"""What Info shows of a comparison: of the whole, of a module, of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...messages import FactGroup, RowDifference
from ...opened.facts import FactList, amount, with_facts
from ...tensors.readable import Unreadable
from ..tensors import Comparable

if TYPE_CHECKING:
    from .model import ComparedModel

WORDS = {
    "": "not compared yet",
    "equal": "equal: every element is",
    "close": "close, as torch.allclose has it",
    "changed": "changed",
    "dtype": "of another dtype",
    "shape": "of another shape",
    "only_a": "only in A",
    "only_b": "only in B",
    "unreadable": "could not be read",
}
"""The statuses for a user."""
LISTED = 100
"""Items, and tensors left out, that are listed."""


def describe_compared(model: ComparedModel, path: str) -> list[FactGroup]:
    """Return the groups of facts of what is at `path`; raises `EngineProblem` where there is nothing."""
    node, group = model.place(path)
    facts = model.facts(node)
    if group is not None:
        found = model.outcome.of_siblings(model.tree.members(group))
        return with_facts([_module(found, f"{group.count:,} alike")])
    if facts.is_tensor:
        return with_facts([_tensor(facts.difference(), facts.sides)])
    if facts.kind == "item":
        item = FactList("Differs")
        item.add("A → B", facts.detail)
        return with_facts([item])
    guess = " (inferred from the tensors)" if facts.inferred else ""
    own = _module(facts.difference(), (facts.class_name or "") + guess)
    return with_facts([own, *([] if node else _whole(model))])


def _module(found: RowDifference, what: str) -> FactList:
    facts = FactList("Compared")
    facts.add("Class", what)
    facts.add("Differ", f"{found.differing:,} of {amount(found.tensors, 'tensor')}")
    if found.compared < found.tensors:
        facts.add("So far", f"{found.compared:,} are compared")
    _numbers(facts, found)
    return facts


def _numbers(facts: FactList, found: RowDifference) -> None:
    if found.relative_l2 is not None:
        facts.add("Relative", f"{found.relative_l2:.6g}   ‖a - b‖₂ / ‖a‖₂")
    if found.max_abs is not None:
        facts.add("Largest", f"{found.max_abs:.9g}   max |a - b|")
    if found.cosine is not None:
        facts.add("Cosine", f"{found.cosine:.9g}")
    if found.nonfinite:
        facts.add("NaN, infinite", f"{amount(found.nonfinite, 'element')} that differ are, on one side or both")


def _tensor(found: RowDifference, sides: tuple[Comparable | None, Comparable | None]) -> FactList:
    facts = FactList("Compared")
    facts.add("Result", WORDS[found.status])
    _numbers(facts, found)
    if found.index is not None:
        index = found.index
        facts.add("Where", lambda: f"{index}: {' → '.join(_element(side, index) for side in sides)}")
    if found.status == "unreadable":
        facts.add("Why", found.text)
    for name, side in zip("AB", sides, strict=True):
        if side is None:
            facts.add(name, "has none of this name")
            continue
        shape = "no shape" if side.side.shape is None else str(list(side.side.shape))
        called = "" if side.side.path == side.path else f", called {side.side.path}"
        facts.add(name, f"{side.side.dtype} {shape}{called}")
    return facts


def _element(side: Comparable | None, index: Sequence[int]) -> str:
    """Return the element at an index as text."""
    if side is None:
        return "none"
    ready = side.readable.unpacked()
    place = 0
    for at, size in zip(index, ready.shape, strict=True):
        place = place * size + at
    try:
        return str(ready.numbers(place, place + 1)[0])
    except Unreadable as error:
        return str(error)


def _whole(model: ComparedModel) -> list[FactList]:
    both = FactList("A and B")
    both.add("A", model.a.name)
    both.add("B", model.b.name)
    both.add("In both", amount(model.pairs.common, "name"))
    for status, count in model.outcome.tally.counts.items():
        if count:
            both.add(status.replace("_", " ").capitalize(), f"{count:,}")
    items = FactList("Items that differ")
    for item in model.tree.items[:LISTED]:
        items.add(item.path, f"{'none' if item.a is None else item.a} → {'none' if item.b is None else item.b}")
    left = FactList("Not compared")
    for each in model.pairs.left_out[:LISTED]:
        left.add(f"{each.path} of {each.side.upper()}", each.reason)
    if len(model.pairs.left_out) > LISTED:
        left.add("More", f"and {len(model.pairs.left_out) - LISTED:,} more")
    return [both, items, left]

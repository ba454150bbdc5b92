"""Tensors of a network that lie in one memory, and those in a memory that is much larger than they are.

Nothing is read but addresses and shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from ...live.live_tree import LiveTree, Node
from ...live.sharing import memory_of
from ...sources.wording import size_text
from ...tensors.distributed import local_part
from ...tensors.extents import Extent, Overlaps
from ...tensors.plainly import plain, plainly
from .groups import Member, ShareGroup
from .places import place_text, reached

SMALLEST_UNUSED = 512
"""Bytes of a memory that a tensor leaves unused from which on that is reported."""
MOVES = (
    ".to() with another dtype or device gives each a memory of its own, copy.deepcopy each parameter: no tie is left"
)
STAYS = "{} is a plain attribute: .to() leaves it on the old memory"
TWICE = "an optimizer steps each parameter, so these elements several times; one parameter under both names ties them"


class _Span(NamedTuple):
    """Where in its memory a tensor lies, in bytes."""

    node: Node
    tensor: Tensor
    storage: int
    whole: int
    """Bytes of the memory."""
    extent: Extent
    """The bytes that are its own."""

    @property
    def first(self) -> int:
        """Return its first byte."""
        return self.extent.first

    @property
    def end(self) -> int:
        """Return the byte after its last one."""
        return self.extent.end

    @property
    def size(self) -> int:
        return int(self.tensor.numel() * self.tensor.element_size())


@plainly
def shared_memory(tree: LiveTree) -> list[ShareGroup]:
    """Return tensors that lie in one memory with others, or in a memory that is much larger than they are."""
    groups: dict[int, list[_Span]] = {}
    for node in {id(each.item): each for each in reversed(tree.nodes) if each.is_tensor}.values():
        span = _span(node)
        if span is not None:
            groups.setdefault(span.storage, []).append(span)
    found = []
    for spans in groups.values():
        spans.sort(key=lambda span: span.node.index)
        filled = [span for span in spans if span.size]  # what has no elements shares none
        if len(filled) > 1:
            found.append(_memory(spans, filled))
        elif filled and filled[0].whole - filled[0].size >= SMALLEST_UNUSED:
            found.append(_part(filled[0]))
    return sorted(found, key=lambda group: group.members[0].node.index)


def _span(node: Node) -> _Span | None:
    tensor = local_part(plain(node.item))  # type: ignore[arg-type]
    found = memory_of(tensor)
    return None if found is None else _Span(node, tensor, *found)


def _memory(spans: Sequence[_Span], filled: Sequence[_Span]) -> ShareGroup:
    """Return the group of tensors of one memory, of which those that are `filled` have elements."""
    whole, union = spans[0].whole, reached(span.extent for span in filled)
    apart = not Overlaps([span.extent for span in filled]).any()
    same = len({(span.first, span.end) for span in filled}) == 1
    count = f"{len(filled):,} tensors"
    title = f"{count} in one flat memory" if apart else f"{count} on the same elements" if same else f"{count} overlap"
    notes = []
    if not apart:
        notes.append("who changes one in place changes the others")
        trained = [span.extent for span in spans if span.node.kind == "parameter" and span.tensor.requires_grad]
        if Overlaps(trained).any():
            notes.append(TWICE)
        notes.append(MOVES)
        notes += [STAYS.format(span.node.path) for span in spans if span.node.plain]
        notes.append("torch.save of state_dict() writes the memory once; safetensors refuses tensors that overlap")
    notes += _alone(spans)
    saved = 0 if apart else max(sum(span.size for span in spans) - union, 0)
    return ShareGroup(
        "flat" if apart else "memory", title, [Member(span.node, _place(span)) for span in spans], whole, saved, notes
    )


def _alone(spans: Sequence[_Span]) -> list[str]:
    """Return the note on that one of them which takes the most in a file of its own for what it is."""
    worst = max(spans, key=lambda span: span.whole - span.size)
    if not worst.size or worst.whole - worst.size < SMALLEST_UNUSED:
        return []
    return [f"{alone_text(worst.node.path, worst.whole, worst.size)}; .clone() first writes what it is"]


def alone_text(path: str, whole: int, size: int) -> str:
    """Return what saving a tensor alone costs: `saving y alone writes 320 KB for 352 bytes`."""
    return f"saving {path} alone writes {size_text(whole)} for {size_text(size)}"


def _part(span: _Span) -> ShareGroup:
    title = f"a tensor in a memory of {size_text(span.whole)}"
    unused = span.whole - min(span.end - span.first, span.size)
    return ShareGroup("part", title, [Member(span.node, _place(span))], span.whole, unused, _alone([span]))


def _place(span: _Span) -> str:
    """Return which elements of the memory a tensor has, and how it walks over them."""
    tensor = span.tensor
    return place_text(span.extent, tensor.element_size(), span.whole, tensor.shape, tensor.stride())

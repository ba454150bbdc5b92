"""`unlike_siblings`: one of repeated layers that differs from all the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from torch import Tensor, nn

from ...live.live_tree import Node
from ...live.registered import training_of
from ...messages.findings import Finding
from ...tensors.tensors import dtype_text, requires_grad
from ..evidence import Evidence

FEWEST = 4
"""Layers from which on they say what is usual."""
TIMES = 10.0
"""How often the usual size of values one has to have, or to lack."""
MODES = {True: "in train mode", False: "in eval mode", None: ""}
NUMBER = re.compile(r"(?<![^.])[0-9]+(?![^.])")
"""A part of a path that is a number: paths that differ in these alone are of siblings."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield a note on each that alone is frozen, of another dtype or mode, or of values of another size."""
    tensors: dict[object, list[tuple[Node, Tensor]]] = {}
    for node, tensor in evidence.tensors():
        like = NUMBER.sub("#", node.path)
        if node.kind == "parameter" and like != node.path:
            tensors.setdefault((like, tuple(tensor.shape)), []).append((node, tensor))
    for alike in tensors.values():
        nodes = [node for node, _ in alike]
        yield from _odd(nodes, ["trained" if requires_grad(tensor) else "frozen" for _, tensor in alike])
        yield from _odd(nodes, [dtype_text(tensor) for _, tensor in alike])
        yield from _odd(nodes, _sizes(evidence, [tensor for _, tensor in alike]))
    modules: dict[object, list[tuple[Node, nn.Module]]] = {}
    for node, module in evidence.modules():
        if (like := NUMBER.sub("#", node.path)) != node.path:
            modules.setdefault((like, type(module)), []).append((node, module))
    for same in modules.values():
        yield from _odd([node for node, _ in same], [MODES[training_of(module)] for _, module in same])


def _odd(nodes: Sequence[Node], facts: Sequence[str]) -> Iterator[Finding]:
    """Yield the one node of several whose fact is not that of all the others."""
    counts = Counter(facts)
    if len(nodes) < FEWEST or len(counts) != 2:
        return
    (usual, _), (odd, times) = counts.most_common()
    if times != 1 or not usual or not odd:
        return
    text = f"it alone is {odd}; the {len(nodes) - 1} like it are {usual}"
    yield Finding(kind="unlike_siblings", severity="note", text=text, path=nodes[facts.index(odd)].path)


def _sizes(evidence: Evidence, tensors: Sequence[Tensor]) -> list[str]:
    """Return of each tensor whether its values are of the usual size, of all of these; empty where unknown."""
    if len(tensors) < FEWEST:
        return [""] * len(tensors)
    found = [evidence.values.of(tensor) for tensor in tensors]
    sizes = [
        None if each is None or each.finite < max(each.elements, 1) else math.hypot(each.mean or 0.0, each.std or 0.0)
        for each in found
    ]
    known = [size for size in sizes if size is not None]
    usual = median(known) if known else 0.0
    if not usual or len(known) < len(sizes):
        return [""] * len(tensors)
    return [
        f"of size {size:.2g} on average" if not usual / TIMES < size < usual * TIMES else f"of size {usual:.2g}"
        for size in sizes
        if size is not None
    ]

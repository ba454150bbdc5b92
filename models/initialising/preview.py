"""What a scheme would give for one parameter: its values on a copy, beside those of today and beside theory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..live.describe.defaults import initialiser_of
from ..live.live_tree import LiveTree, Node
from ..messages import StatisticsOf
from ..sources.wording import size_text
from ..tensors.tensors import size_in_bytes
from ..work.cancelled import ShouldCancel, never
from . import theory as law
from .scheme import OnStep, Scheme, by_holder, carry_out, is_for_some, modules_for, step, targets_for
from .scope import Scope, Target
from .theory import Theory, digits

COPY_LIMIT = 2**31
"""Bytes of the parameters and buffers of a network up to which it is copied."""
_UNIFORM = re.compile(r"uniform\(-(?P<bound>[^,]+), [^)]*\): ±1/√(?P<of>\w+)")
_XAVIER = re.compile(r"uniform\(-(?P<bound>[^,]+), [^)]*\): ±√\(6/")
_NORMAL = re.compile(r"normal\(0, (?P<std>[^)]+)\)(?!, then row)")
_CONSTANT = re.compile(r"(?P<name>ones|zeros)|constant (?P<value>[^:]+)")


class NotCopied(Exception):
    """The network cannot be copied for a preview; the text says why."""


def theory_of(tree: LiveTree, scheme: Scheme, target: Target) -> Theory | None:
    """Return the distribution that the scheme draws a target from; None where no formula is known."""
    if not scheme.fills_tensors:
        return default_theory(tree, target.node) if scheme.own is None else None
    if target.role == "bias" and scheme.biases == "zeros":
        return law.constant(0.0)
    shape = target.tensor.shape
    return (
        None
        if scheme.rule is None
        else scheme.rule.theory(shape[::-1] if scheme.turns(target) else shape, scheme.values)
    )


def default_theory(tree: LiveTree, node: Node) -> Theory | None:
    """Return the distribution of the layer's own initialiser of a parameter; None where that is unknown."""
    text, tensor = initialiser_of(tree, node), node.item
    if not isinstance(tensor, Tensor):
        return None
    if found := _UNIFORM.match(text):
        bound = float(found["bound"])
        return law.uniform(-bound, bound, f"uniform(±1/√{round(bound**-2):,} = ±{digits(bound)}): ±1/√{found['of']}")
    if found := _XAVIER.match(text):
        bound, shape = float(found["bound"]), tensor.shape
        return law.uniform(-bound, bound, f"uniform(±√(6/({shape[1]} + {shape[0]})) = ±{digits(bound)})")
    if found := _NORMAL.match(text):
        return law.normal(0.0, float(found["std"]))
    if found := _CONSTANT.match(text):
        return law.constant({"ones": 1.0, "zeros": 0.0}.get(found["name"] or "") or float(found["value"] or 0))
    return None


def fresh_values(
    tree: LiveTree,
    scheme: Scheme,
    path: str,
    should_cancel: ShouldCancel = never,
    on_step: OnStep = lambda done, total, path: None,
) -> Tensor:
    """Return the values that the scheme would give the parameter at `path`, without touching the network.

    What is drawn before it is drawn here too: the values are those that carrying out the scheme gives.

    Raises:
        Cancelled: `should_cancel` returned True.
        NotCopied: the rule is one of modules, and the network cannot be copied.
        Exception: whatever a rule of the user's or a layer raises.
    """
    if not scheme.fills_tensors and not is_for_some(tree, scheme):
        return _by_modules(tree, scheme, path, should_cancel, on_step)
    with scheme.drawing() as generators:
        if scheme.fills_tensors:
            targets = [target for target in targets_for(tree, scheme) if not scheme.why_not(target)]
            if scheme.rule is not None and not scheme.rule.draws:
                targets = [target for target in targets if target.node.path == path]
            for done, target in enumerate(targets):
                step(should_cancel, on_step, done, len(targets), target.node.path)
                tensor = scheme.filled(target, generators, should_cancel)
                if tensor is None:
                    tensor = target.tensor.detach()
                    tensor = torch.empty_like(tensor) if scheme.own is None else tensor.clone()
                    scheme.fill(target, tensor, generators)
                if target.node.path == path:
                    return tensor
            raise KeyError(path)
        groups = by_holder(targets_for(tree, scheme))
        for done, group in enumerate(groups):
            step(should_cancel, on_step, done, len(groups), group[0].node.path)
            fresh = deepcopy(group[0].holder)
            scheme.initialise(fresh)
            for target in group:
                if target.node.path == path:
                    made = fresh._parameters.get(target.node.attribute)
                    return target.tensor.detach().clone() if made is None else made.detach()
    raise KeyError(path)


def _by_modules(tree: LiveTree, scheme: Scheme, path: str, should_cancel: ShouldCancel, on_step: OnStep) -> Tensor:
    """Return the values that a rule of modules gives, on a copy of as little as it needs."""
    node, scope = tree.at(path), scheme.scope
    assert node is not None
    holder = tree.holder(node).item
    modules = modules_for(tree, scheme) if scope.kind == "class" else []
    if any(module is holder for module in modules) and not node.names:
        with scheme.drawing():
            for done, module in enumerate(modules):
                step(should_cancel, on_step, done, len(modules), type(module).__name__)
                fresh = deepcopy(module)
                scheme.initialise(fresh)
                if module is holder and (made := fresh._parameters.get(node.attribute)) is not None:
                    return made.detach()
    root, within = tree.at(scope.path), path
    if scope.kind == "this" and scope.path and root is not None and isinstance(root.item, nn.Module):
        copied, within = copy_of(LiveTree.of(root.item)), path[len(scope.path) + 1 :]
        scheme = replace(scheme, scope=Scope("this"))
    else:
        copied = copy_of(tree)
    carry_out(copied, scheme, should_cancel, on_step)
    found = copied.at(within)
    assert found is not None
    assert isinstance(found.item, Tensor)
    return found.item.detach()


def copy_of(tree: LiveTree) -> LiveTree:
    """Return the tree of a copy of a module that shares no memory with it.

    Raises:
        NotCopied: it is too large, or holds what Python cannot copy.
    """
    size = sum(size_in_bytes(tensor) or 0 for tensor in tree.distinct_tensors)
    if size > COPY_LIMIT:
        raise NotCopied(f"its tensors take {size_text(size)}: only up to {size_text(COPY_LIMIT)} are copied")
    try:
        root = deepcopy(tree.root)
    except Exception as error:  # a tensor that was computed, an open file, whatever it holds
        reason = str(error).partition("\n")[0][:200]
        raise NotCopied(f"{type(error).__name__}: {reason}") from error
    assert isinstance(root, nn.Module)
    return LiveTree.of(root, tree.name)


# -- histograms on one axis


def common_edges(ranges: Sequence[tuple[float, float]], bins: int) -> list[float]:
    """Return the edges of `bins` bins over all of these ranges; around it where that is one number."""
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low == high:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    width = (high - low) / bins
    return [low + width * at for at in range(bins)] + [high]


def shares_of(statistics: StatisticsOf, edges: Sequence[float]) -> list[float]:
    """Return the share of the elements in each bin, from a histogram over other bins."""
    shares = [0.0] * (len(edges) - 1)
    if statistics.minimum is None or statistics.maximum is None:
        return shares
    pieces = [
        (low, high, count) for (low, high), count in zip(pairwise(statistics.edges), statistics.counts, strict=True)
    ]
    if statistics.minimum == statistics.maximum or not pieces:
        pieces = [(statistics.minimum, statistics.minimum, statistics.count)]
    total = sum(count for _, _, count in pieces) or 1
    start, width = edges[0], (edges[-1] - edges[0]) / len(shares)
    for low, high, count in pieces:
        if not count:
            continue
        first = min(max(int((low - start) / width), 0), len(shares) - 1)
        last = min(max(int((high - start) / width), first), len(shares) - 1)
        for at in range(first, last + 1):
            inside = min(high, edges[at + 1]) - max(low, edges[at])
            part = inside / (high - low) if high > low else float(at == first)
            shares[at] += count / total * max(part, 0.0)
    return shares


def expected(theory: Theory, edges: Sequence[float]) -> list[float]:
    """Return the share of the elements that theory has in each bin."""
    found = [theory.share(low, high) for low, high in pairwise(edges)]
    found[0] += sum(share for value, share in theory.values if value == edges[0])
    return found

"""The initialisation lab of the open network: what can be chosen, previews, the signal, and carrying out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from .. import messages as m
from ..initialising import preview
from ..initialising.code import code_of, replayed
from ..initialising.orientation import is_turned
from ..initialising.rules import RULES, Argument, fans
from ..initialising.scheme import Scheme, carry_out, targets_for
from ..initialising.scope import Scope, Target, classes_in
from ..initialising.signal import SignalOfScheme, signal_of
from ..messages.errors import EngineProblem
from ..sources.tracebacks import problem_of
from ..tensors.statistics.statistics import statistics
from ..tensors.tensors import shape_text
from ..tensors.torch_readable import readable_of
from ..work.cancelled import Cancelled
from .passes import arguments_now
from .typed_scheme import TypedScheme

if TYPE_CHECKING:
    from ..initialising.theory import Theory
    from ..live.live_tree import LiveTree
    from ..work.context import WorkContext
    from .session import Session

BINS = 60
"""Bins of a histogram, as many as below the values: those statistics are used again."""
FEWEST_BINS = 9
"""Of the picture of a few elements, which more bins would take apart."""
LISTED = 20
"""Parameters left alone that are named."""
OWN = "A function of the console, `lambda t: …`, or FILE.py:NAME; it takes a module, as for net.apply, or a tensor."


def read_initialisers(session: Session, path: str) -> m.Initialisers:
    """Return the rules, and the scopes that the object at a path suggests.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    session.live  # noqa: B018  (raises for a checkpoint)
    rules = [
        m.RuleOffer(name=rule.name, label=rule.name, about=rule.about, arguments=list(map(_offered, rule.arguments)))
        for rule in RULES
    ]
    about = "The layer's own reset_parameters(): as it was when it was built."
    rules.append(m.RuleOffer(name="default", label="the layer's own default", about=about, biases=False))
    own = m.RuleArgument(name="function", default="", about=OWN)
    rules.append(m.RuleOffer(name="own", label="a rule of your own", about=OWN, arguments=[own]))
    return m.Initialisers(rules=rules, scopes=list(_scopes(session, path)))


def _offered(argument: Argument) -> m.RuleArgument:
    return m.RuleArgument(
        name=argument.name, default=str(argument.default), about=argument.about, choices=list(argument.choices)
    )


def _scopes(session: Session, path: str) -> Iterator[m.ScopeOffer]:
    tree = session.live.tree
    node = tree.at(path)
    if node is None and (group := tree.find_group(path)) is not None:
        node = tree.nodes[tree.parents[group.first]]
        for form in session.model.forms(path):
            if form.label == "Pattern":
                yield m.ScopeOffer(kind="pattern", text=form.text, label=f"{path}, all below")
    here = [node] if node is not None and (not node.is_tensor or node.kind == "parameter") else []
    while node is not None and node.index:
        node = tree.holder(node)
        here.append(node)
    for each in here or tree.nodes[:1]:
        label = f"{each.path}{'' if each.is_tensor else ', all below'}" if each.path else "the whole network"
        yield m.ScopeOffer(kind="this", path=each.path, label=label, single=each.is_tensor)
    for name, count in classes_in(tree):
        yield m.ScopeOffer(kind="class", text=name, label=f"every {name} ({count:,})")
    yield m.ScopeOffer(kind="pattern", text="*.weight", label="a pattern of paths")


# -- previews


def preview_initialiser(session: Session, request: m.PreviewInitialiser, context: WorkContext) -> m.InitialPreview:
    """Return what an initialisation would give one of its parameters; changes nothing.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; the network cannot be copied; a rule of the user's raised.
        Cancelled: the request was cancelled.
    """
    tree = session.live.tree
    typed = TypedScheme(session, request.how)
    scheme = typed.scheme
    if scheme is None:
        return m.InitialPreview(errors=typed.errors)
    targets = targets_for(tree, scheme)
    filled = [target for target in targets if not scheme.why_not(target)]
    left = [f"{target.node.path}: {why}" for target in targets if (why := scheme.why_not(target))]
    answer = m.InitialPreview(
        errors=typed.errors, summary=_summary(targets, filled), left=left[:LISTED], filled=len(filled)
    )
    if not filled:
        return msgspec.structs.replace(answer, errors=[*typed.errors[:-1], _nothing(scheme.scope, left)])
    place = min(request.place, len(filled) - 1)
    target = filled[place]
    new = _drawn(tree, scheme, target.node.path, context)
    now = _today(session, target, context)
    theory = preview.theory_of(tree, scheme, target)
    ranges = [*_ranges(now), *_ranges(new), *([] if theory is None else [theory.extent])]
    edges = preview.common_edges(ranges or [(0.0, 1.0)], min(max(2 * math.isqrt(new.count), FEWEST_BINS), BINS))
    return msgspec.structs.replace(
        answer,
        place=place,
        path=target.node.path,
        shape=shape_text(target.tensor),
        law="" if theory is None else theory.law,
        spread="" if theory is None else theory.spread,
        fans=_fans(scheme, target),
        turned=sum(map(is_turned, filled)) if scheme.has_fans else 0,
        today=_spread(now),
        fresh=_spread(new),
        theory=_spread_of(theory),
        edges=edges,
        today_shares=preview.shares_of(now, edges),
        fresh_shares=preview.shares_of(new, edges),
        theory_shares=[] if theory is None else preview.expected(theory, edges),
        code=code_of(tree, scheme),
    )


def _drawn(tree: LiveTree, scheme: Scheme, path: str, context: WorkContext) -> m.StatisticsOf:
    """Return the statistics of what a scheme draws for the parameter at a path; nothing is changed."""

    def on_step(done: int, total: int, path: str) -> None:
        context.progress(f"drawing {path}", done / total)

    try:
        fresh = preview.fresh_values(tree, scheme, path, context.cancelled, on_step)
    except (Cancelled, EngineProblem):
        raise
    except preview.NotCopied as error:
        raise _not_copied(error) from None
    except Exception as error:
        raise EngineProblem(problem_of(error)) from error
    return statistics(
        readable_of(fresh), path=path, bins=BINS, should_cancel=context.cancelled,
        on_progress=lambda done: context.progress("statistics of the new values", done),
    )  # fmt: skip


def _fans(scheme: Scheme, target: Target) -> str:
    """Return fan_in and fan_out where a rule is about them; else an empty text."""
    shape = target.tensor.shape
    if scheme.rule is None or scheme.rule.dimensions[0] < 2 or len(shape) < 2 or target.role == "bias":
        return ""
    if scheme.turns(target):
        return "fan_in {:,}, fan_out {:,} of the layer, whose weight is stored [in, out]".format(*fans(shape[::-1]))
    text = "fan_in {:,}, fan_out {:,}".format(*fans(shape))
    return text + (" for torch; stored [in, out]: its layer's are swapped" if is_turned(target) else "")


def _today(session: Session, target: Target, context: WorkContext) -> m.StatisticsOf:
    """Return the statistics of a parameter as it is, those that are known where its version is the same."""
    model, path = session.live, target.node.path
    known = model.statistics_cache.get(path, model.stamp(path), BINS)
    return model.statistics(m.Statistics(path=path, bins=BINS), context) if known is None else known


def _ranges(found: m.StatisticsOf) -> list[tuple[float, float]]:
    return [] if found.minimum is None or found.maximum is None else [(found.minimum, found.maximum)]


def _spread(found: m.StatisticsOf) -> m.Spread:
    return m.Spread(low=found.minimum, high=found.maximum, mean=found.mean, std=found.std)


def _spread_of(theory: Theory | None) -> m.Spread:
    if theory is None:
        return m.Spread()
    return m.Spread(low=theory.low, high=theory.high, mean=theory.mean, std=theory.std)


def _summary(targets: Sequence[Target], filled: Sequence[Target]) -> str:
    if len(targets) == 1:
        return "1 parameter filled" if filled else "nothing filled"
    biases = sum(target.role == "bias" for target in filled)
    parts = [_amount(len(filled) - biases, "weight", "weights"), _amount(biases, "bias", "biases")]
    text = " and ".join(filter(None, parts)) or "nothing"
    left = len(targets) - len(filled)
    return f"{text} filled" + (f", {left:,} left as they are" if left else "")


def _amount(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""


def _nothing(scope: Scope, left: Sequence[str]) -> str:
    if left:
        return f"nothing to fill: {left[0]}"
    what = {"this": scope.path or "the network", "class": scope.text, "pattern": scope.text}[scope.kind]
    return f"no parameter is meant by {what}"


def _not_copied(error: Exception) -> EngineProblem:
    return EngineProblem(m.Problem("usage", "The network cannot be copied for this", str(error)))


# -- the signal


def measure_signal(session: Session, schemes: Sequence[m.Initialisation], context: WorkContext) -> m.Signals:
    """Return how far activations and gradients spread in each scheme, on copies and on the inputs of the next forward.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; the network cannot be copied; a rule of the user's raised.
        Cancelled: the request was cancelled.
    """
    tree, (args, kwargs) = session.live.tree, arguments_now(session)
    found: list[tuple[str, SignalOfScheme]] = []
    for at, how in enumerate(schemes):
        scheme = TypedScheme(session, how).needed if how.rule else None
        label = "today" if scheme is None else _described(scheme)
        context.progress(f"signal {at + 1} of {len(schemes)}: {label}", at / len(schemes))
        try:
            found.append((label, signal_of(tree, scheme, args, kwargs, context.cancelled)))
        except Cancelled:
            raise
        except preview.NotCopied as error:
            raise _not_copied(error) from None
        except Exception as error:
            raise EngineProblem(problem_of(error)) from error
    layers = max((signal.layers for _, signal in found), key=len, default=[])
    return m.Signals(
        layers=[m.SignalLayer(path=layer.path, kind=layer.kind) for layer in layers],
        signals=[
            m.Signal(
                label=label,
                activations=[layer.activation for layer in signal.layers],
                gradients=[layer.gradient for layer in signal.layers],
                problem=signal.problem,
            )
            for label, signal in found
        ],
    )


def _described(scheme: Scheme) -> str:
    """Return a scheme in a few words, to tell it from others: `normal_(std=0.01) of 0, zero biases`."""
    scope = scheme.scope
    what = {"this": scope.path, "class": f"every {scope.text}", "pattern": scope.text}[scope.kind]
    biases = {"leave": "", "zeros": ", zero biases", "rule": ", biases too"}[scheme.biases]
    fans = ", the layer's fans" if scheme.fans == "layer" and scheme.has_fans else ""
    return f"{scheme.name}{f' of {what}' if what else ''}{biases if scheme.fills_tensors else ''}{fans}"


# -- carrying out


def apply_initialiser(session: Session, how: m.Initialisation, context: WorkContext) -> m.Initialised:
    """Carry out an initialisation on the network; `Undo` takes it back.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; it cannot be carried out; a rule of the user's raised.
        Cancelled: the request was cancelled; what was filled until then stays, and can be taken back.
    """
    tree = session.live.tree
    scheme = TypedScheme(session, how).needed
    filled = [target for target in targets_for(tree, scheme) if not scheme.why_not(target)]
    if not filled:
        raise EngineProblem(m.Problem("usage", "There is nothing to fill"))
    code = code_of(tree, scheme)
    session.begin_change(_label(scheme, filled))
    failed = "stopped"
    try:
        carry_out(
            tree, scheme, context.cancelled, lambda done, total, path: context.progress(f"filling {path}", done / total)
        )
        failed = ""
    except Cancelled:
        raise
    except Exception as error:
        problem = problem_of(error)
        failed = problem.title
        raise EngineProblem(problem) from error
    finally:
        changed = session.end_change()
        session.journal.did(replayed(code), failed=failed)
    seed = f", seed {scheme.seed}" if scheme.rule is None or scheme.rule.draws else ""
    text = f"{_label(scheme, filled)}{seed}" + ("" if changed else ": it had these values already")
    effects, lasting = session.effects()
    return m.Initialised(text=text, changed=changed[:1000], effects=effects, lasting=lasting, code=code)


def _label(scheme: Scheme, filled: Sequence[Target]) -> str:
    what = filled[0].node.path if len(filled) == 1 else f"{len(filled):,} parameters"
    return f"{scheme.name} of {what}"

"""A checkpoint beside the open network: what of it fits, with the rules that the user takes, and loading that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..fit.choosing import Choices
from ..fit.code import code_of
from ..fit.links import Link
from ..fit.misfits import LISTS, Misfit, Misfits, misfits_of, templates_by_reason
from ..fit.name_lists import name_templates
from ..fit.proposal import NamesClash, Proposal
from ..fit.sides import Side, side_of
from ..messages import Exported, FitChoice, FitEntry, FitList, FitRule, Fitted, OwnRule, Problem, WeightsLoaded
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from ..tree.globs import Rename
from ..work.gc_paused import gc_paused
from .session import Session
from .weights import copy_links, misfits_in_words, opened_checkpoint, reader_of

if TYPE_CHECKING:
    from ..fit.names import Shapes

RULES = 1_000
"""Rules that are sent."""
LINES = 500
"""Lines of a list that are sent."""
SOURCES = 4
"""Templates of names in the file that are named for one line."""
OWN = 100
"""Rules of the user's own that are applied."""


class Fitting:
    """A checkpoint that was opened beside a network."""

    def __init__(self, checkpoint: str, other: Session) -> None:
        self.checkpoint = checkpoint
        self.other = other
        self.file = side_of(other.model)
        self._network: tuple[object, Side] | None = None
        """The open network as it was when its tensors were asked for last, and these."""
        self._choices: tuple[tuple[str, ...], Shapes, Choices] | None = None
        """The rules of the user's own, the network's shapes, and what may be chosen then."""

    def network(self, session: Session) -> Side:
        """Return the tensors of the open network."""
        model = session.live
        known = self._network
        if known is None or known[0] is not model.tree:
            known = self._network = model.tree, side_of(model)
        return known[1]

    def choices(self, network: Side, own: Sequence[str]) -> tuple[Choices, list[Rename]]:
        """Return what may be chosen after rules of the user's own, and these.

        Raises:
            EngineProblem: one of them cannot be read, or two tensors get one name.
        """
        try:
            renames = [Rename(text) for text in own[:OWN]]
            known = self._choices
            if known is None or known[0] != tuple(own) or known[1] != network.shapes:
                with gc_paused():
                    choices = Choices(network.shapes, self.file.shapes, renames)
                known = self._choices = tuple(own), network.shapes, choices
        except (NamesClash, ValueError) as error:
            raise EngineProblem(Problem("usage", str(error))) from None
        return known[2], renames


class _Chosen:
    """What holds with the rules that were chosen."""

    def __init__(self, session: Session, choice: FitChoice) -> None:
        session.root  # noqa: B018  (raises for a checkpoint)
        fitting = session.fitting
        if not isinstance(fitting, Fitting):
            raise EngineProblem(Problem("gone", "No checkpoint is open beside the network"))
        self.fitting: Fitting = fitting
        self.network = fitting.network(session)
        self.choices, self.renames = fitting.choices(self.network, choice.own)
        self.taken = self.choices.taken(choice.taken, choice.left)
        with gc_paused():
            self.proposal: Proposal = self.choices.chosen(self.taken)
            self.found: Misfits = misfits_of(self.proposal.links, self.network, fitting.file)

    @property
    def code(self) -> str:
        """Return the Python that loads it into `model`."""
        path = self.fitting.checkpoint
        return code_of(self.proposal.links, self.proposal, self.network, self.found, path, self.fitting.file.twins)


def open_weights(
    session: Session, checkpoint: str, *, trust: bool = False, on_progress: Callable[[str], None] = lambda text: None
) -> Fitted:
    """Open a checkpoint beside the open network, in place of the one before; return what of it fits.

    Raises:
        EngineProblem: it cannot be opened, has no weights, or no network is open.
    """
    session.root  # noqa: B018  (raises for a checkpoint)
    fitting = Fitting(checkpoint, opened_checkpoint(checkpoint, trust=trust, on_progress=on_progress))
    if not fitting.file.shapes:
        raise EngineProblem(Problem("usage", f"{checkpoint} has no weights that a network could load"))
    on_progress(f"comparing {amount(len(fitting.file.shapes), 'name')}")
    session.fitting = fitting
    return fit_weights(session, FitChoice())


def fit_weights(session: Session, choice: FitChoice) -> Fitted:
    """Return what of the checkpoint fits the network with the rules of `choice`.

    Raises:
        EngineProblem: no checkpoint is open beside it, or a rule of the user's own cannot be applied.
    """
    chosen = _Chosen(session, choice)
    made, file = chosen.choices, chosen.fitting.file
    sources = {name: link.file for link in chosen.proposal.links for name in link.network}
    return Fitted(
        checkpoint=chosen.fitting.checkpoint,
        network=session.model.source.source,
        tensors=len(chosen.network.shapes),
        agreeing=made.proposal.agreeing,
        own=[OwnRule(text=rule.text, keys=_fitted(rule, at, chosen, file)) for at, rule in enumerate(chosen.renames)],
        rules=[
            FitRule(
                key=each.key, old=each.rule.old, new=each.rule.new, kind=each.rule.kind, keys=each.rule.keys,
                certainty=each.rule.certainty, note=each.rule.note, rename=each.rename, taken=each.key in chosen.taken,
            )
            for each in made.choices[:RULES]
        ],
        more_rules=max(len(made.choices) - RULES, 0),
        lists=[_list(name, getattr(chosen.found, name), sources) for name in LISTS],
        notes=[*chosen.proposal.notes, *chosen.found.notes],
        refusal=made.proposal.refusal,
        fits=chosen.found.fits,
    )  # fmt: skip


def _fitted(rule: Rename, at: int, chosen: _Chosen, file: Side) -> int:
    """Return how many names of the file a rule fits, after those before it."""
    names = list(file.shapes)
    for earlier in chosen.renames[:at]:
        names = [earlier(name) for name in names]
    return sum(map(rule.fits, names))


def _list(name: str, entries: Sequence[Misfit], sources: Mapping[str, tuple[str, ...]]) -> FitList:
    """Return a list as it is sent; `sources` are the names in the file of those in the network."""
    found = templates_by_reason(entries)
    return FitList(
        name=name,  # type: ignore[arg-type]
        count=len(entries),
        entries=[
            FitEntry(
                template=template.text,
                count=len(template.names),
                reason=reason,
                path="" if name == "unexpected" else template.names[0],
                source="" if name == "unexpected" else _source(template.names, sources),
            )
            for reason, template in found[:LINES]
        ],
        more=max(len(found) - LINES, 0),
    )


def _source(names: Sequence[str], sources: Mapping[str, tuple[str, ...]]) -> str:
    """Return the templates of the names in the file; empty where they are the same as in the network, or none."""
    files = list(dict.fromkeys(file for name in names for file in sources.get(name, ())))
    if not files or files == list(names):
        return ""
    found = [template.text for template in name_templates(files)]
    more = f" + {len(found) - SOURCES:,} more" if len(found) > SOURCES else ""
    return " + ".join(found[:SOURCES]) + more


def weights_code(session: Session, choice: FitChoice) -> Exported:
    """Return the Python that loads the checkpoint into `model` with these rules.

    Raises:
        EngineProblem: as for `fit_weights`.
    """
    return Exported(name="load_weights", ending="py", text=_Chosen(session, choice).code)


def load_chosen(
    session: Session,
    choice: FitChoice,
    *,
    strict: bool = False,
    on_progress: Callable[[str], None] = lambda text: None,
) -> WeightsLoaded:
    """Load what fits with these rules into the network, as one change that can be undone.

    Args:
        strict: load nothing where not everything fits.

    Raises:
        EngineProblem: not everything fits and `strict` is given; nothing fits; a tensor cannot be read, or the network
            has no values: what was loaded until then is there, and can be undone.
    """
    chosen = _Chosen(session, choice)
    found, checkpoint = chosen.found, chosen.fitting.checkpoint
    if strict and not found.fits:
        left = misfits_in_words(found)
        raise EngineProblem(Problem("usage", f"Nothing is loaded: {left}", "What fits can be loaded all the same."))
    fitting = {each.name for each in found.matched}
    links = [link for link in chosen.proposal.links if fitting.issuperset(link.network)]
    if not links:
        raise EngineProblem(Problem("usage", f"Nothing is loaded: nothing of {checkpoint} fits with these rules"))
    on_progress("keeping the values of now, for undo")
    session.begin_change(f"loading {checkpoint}")
    problem = _copy(session, chosen, links, on_progress)
    changed = session.end_change()
    if problem is not None:
        more = "What was loaded until then is in the network: u takes it back." if changed else ""
        raise EngineProblem(Problem(problem.kind, problem.title, problem.text or more))
    text = _sentence(session, chosen)
    session.journal.loaded(chosen.code, text)
    return WeightsLoaded(text=text, changed=changed[:1000])


def _copy(session: Session, chosen: _Chosen, links: list[Link], on_progress: Callable[[str], None]) -> Problem | None:
    """Copy tensors of the checkpoint into the network; return what ended that early, None where nothing did."""
    done = 0

    def copied(count: int, share: float) -> None:
        nonlocal done
        done = count
        on_progress(f"loading weights: {share:.0%}")

    try:
        copy_links(session.root, links, reader_of(chosen.fitting.other), chosen.network.shapes, copied)
    except KeyboardInterrupt:
        return Problem("interrupted", f"Loading was interrupted after {done:,} of {len(links):,} tensors")
    except EngineProblem as error:
        return error.problem
    return None


def _sentence(session: Session, chosen: _Chosen) -> str:
    from ..tensors.tensors import size_in_bytes
    from ..undo.changes import LIMIT

    found = chosen.found
    total = len(found.matched) + len(found.missing) + len(found.shape)
    left = "" if found.fits else f"; {misfits_in_words(found)}"
    held = sum(size_in_bytes(tensor) or 0 for tensor in session.live.tree.distinct_tensors)
    back = "u takes it back"
    if held > LIMIT:
        back = f"u takes back what fits into {LIMIT / 2**20:.0f} MB, R all of it"
    loaded = f"{len(found.matched):,} of {amount(total, 'tensor')} loaded from {chosen.fitting.checkpoint}"
    return f"{loaded}{left} ({back})"

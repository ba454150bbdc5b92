"""The weights of a checkpoint, loaded into the open network with the rules that `fit` is certain of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..fit.links import CERTAINTIES, Link
from ..fit.misfits import Misfits, misfits
from ..fit.proposal import propose
from ..fit.sides import side_of
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from .session import Session

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..checkpoint.model import CheckpointModel
    from ..fit.names import Shapes


IN_EXPLORER = "W lists them, with the rules that bring more together"


class LoadedWeights:
    """What was loaded, and what did not fit."""

    def __init__(
        self, network: str, checkpoint: str, found: Misfits, rules: int, code: Callable[[], str] = lambda: ""
    ) -> None:
        self.network = network
        self.checkpoint = checkpoint
        self.found = found
        self.rules = rules
        """How many rules of renaming were needed."""
        self.code = code
        """Returns the Python that loads the same into `model`."""

    @property
    def fits(self) -> bool:
        """Return whether all of the file was loaded, and all of the network is loaded."""
        return self.found.fits

    @property
    def tensors(self) -> int:
        """Return how many tensors the network has, each under each of its names."""
        return len(self.found.matched) + len(self.found.missing) + len(self.found.shape)

    def sentence(self, lists: str = "") -> str:
        """Return what was loaded, and what was not, in one line.

        Args:
            lists: what lists the tensors that do not fit; `fit` without it.
        """
        found = self.found
        loaded = f"{len(found.matched):,} of {amount(self.tensors, 'tensor')} loaded from {self.checkpoint}"
        if self.rules:
            loaded += f" with {amount(self.rules, 'rule')}"
        if self.fits:
            return loaded
        lists = lists or f"modulescope fit {self.network} {self.checkpoint} lists them"
        return f"{loaded}; {misfits_in_words(found)}: {lists}"


def misfits_in_words(found: Misfits) -> str:
    """Return how many tensors do not fit, `3 missing, 1 of another shape`; empty where all do."""
    lists = (("missing", found.missing), ("unexpected", found.unexpected), ("of another shape", found.shape))
    return ", ".join(f"{len(names):,} {word}" for word, names in lists if names)


def load_weights(
    session: Session, checkpoint: str, *, trust: bool = False, on_progress: Callable[[str], None] = lambda text: None
) -> LoadedWeights:
    """Load into the open network what of `checkpoint` fits it, with the certain rules; what does not fit is left.

    Raises:
        EngineProblem: the checkpoint cannot be opened or is none, or what is open is no network with values.
    """
    root = session.root
    other = opened_checkpoint(checkpoint, trust=trust, on_progress=on_progress)
    network, file = side_of(session.model), side_of(other.model)
    proposal = propose(network.shapes, file.shapes)
    certain = CERTAINTIES[:1]
    found = misfits(proposal, network, file, certain)
    fitting = {each.name for each in found.matched}
    links = [link for link in proposal.links if link.certainty in certain and fitting.issuperset(link.network)]
    copy_links(
        root,
        links,
        reader_of(other),
        network.shapes,
        lambda count, share: on_progress(f"loading weights: {share:.0%}"),
    )
    rules = sum(rule.certainty in certain for rule in proposal.rules)

    def code() -> str:
        from ..fit.code import code_of

        return code_of(links, proposal, network, found, checkpoint, file.twins)

    return LoadedWeights(session.model.source.source, checkpoint, found, rules, code)


def loaded_or_why(
    session: Session, checkpoint: str, *, trust: bool, on_progress: Callable[[str], None] = lambda text: None
) -> str:
    """Return what was loaded, or why nothing was, in one line; the network is open all the same.

    What was loaded stands in the journal.
    """
    try:
        loaded = load_weights(session, checkpoint, trust=trust, on_progress=on_progress)
    except EngineProblem as error:
        return f"no weights were loaded: {error.problem.title}"
    text = loaded.sentence(IN_EXPLORER)
    session.journal.loaded(loaded.code(), text)
    return text


def opened_checkpoint(checkpoint: str, *, trust: bool, on_progress: Callable[[str], None]) -> Session:
    """Return a session of its own in which a checkpoint is open.

    Raises:
        EngineProblem: it cannot be opened, or is none.
    """
    other = Session()
    other.is_beside = True
    other.open(checkpoint, trust=trust, on_progress=on_progress)
    if not other.is_checkpoint:
        raise EngineProblem(Problem("usage", f"{checkpoint} is a network, not a checkpoint to load weights from"))
    return other


def reader_of(session: Session) -> Callable[[str], Tensor]:
    """Return what reads a tensor of the open checkpoint by its name, whole."""
    from ..stored.as_torch import as_torch
    from ..stored.stored import Stored

    model: CheckpointModel = session.model  # type: ignore[assignment]
    stored = {facts.key: facts.leaf for facts in model.named_tensors()}  # type: ignore[attr-defined]

    def read(name: str) -> Tensor:
        leaf = stored[name]
        assert isinstance(leaf, Stored)
        return as_torch(leaf)

    return read


def copy_links(
    root: nn.Module,
    links: Sequence[Link],
    read: Callable[[str], Tensor],
    shapes: Shapes,
    on_loaded: Callable[[int, float], None],
) -> None:
    """Copy the values that links give into the tensors of a network.

    Args:
        shapes: those of the network.
        on_loaded: called with how many links are done, and which share of all.

    Raises:
        EngineProblem: a tensor of the network has no values to load into, or one of the file cannot be read.
    """
    import torch

    from ..fit.loading import fill, values_of
    from ..tensors.readable import Unreadable

    targets = dict(root.named_parameters(remove_duplicate=False)) | dict(root.named_buffers(remove_duplicate=False))
    for name in (name for link in links for name in link.network):
        if (target := targets.get(name)) is None or target.is_meta:
            raise EngineProblem(Problem("usage", f"{name!r} of the network has no values to load into"))
    with torch.no_grad():
        for at, link in enumerate(links):
            on_loaded(at, at / len(links))
            try:
                values = values_of(link, read, shapes)
            except Unreadable as error:
                raise EngineProblem(Problem("source", f"{link.file[0]!r} cannot be read: {error}")) from None
            for name, value in zip(link.network, values, strict=True):
                fill(targets[name], value, link)

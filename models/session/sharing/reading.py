"""What is shared in what is open, for the explorer's view of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from ...messages import SharingFound, SharingGroup, SharingMember
from ...work.cancelled import ShouldCancel, never
from .stored_groups import MEMBERS, equal_group, stored_groups

if TYPE_CHECKING:
    from ...checkpoint.model import CheckpointModel
    from ...run.trace.went_back import Use
    from ..session import Session
    from .groups import ShareGroup

GROUPS = 1_000
"""Groups that are sent."""
USES = 4
"""Uses of a parameter that are named."""


def read_sharing(
    session: Session,
    *,
    values: bool = False,
    should_cancel: ShouldCancel = never,
    on_progress: Callable[[float], None] = lambda share: None,
) -> SharingFound:
    """Return what is shared in what is open; with `values` what is equal in separate memory instead.

    Raises:
        EngineProblem: nothing is open.
        Cancelled: `should_cancel` returned True.
    """
    if session.is_checkpoint:
        model = cast("CheckpointModel", session.model)
        found = list(_equal_in_checkpoint(model, should_cancel, on_progress) if values else stored_groups(model))
        count = sum(1 for _ in model.named_tensors())
        return SharingFound(groups=found[:GROUPS], more=max(len(found) - GROUPS, 0), tensors=count)
    from .equal import equal_values
    from .memory import shared_memory
    from .objects import shared_objects

    tree = session.live.tree
    groups = equal_values(tree, should_cancel, on_progress) if values else [*shared_objects(tree), *shared_memory(tree)]
    sent = [_of_live(session, group) for group in groups[:GROUPS]]
    return SharingFound(groups=sent, more=max(len(groups) - GROUPS, 0), tensors=len(tree.distinct_tensors))


def _of_live(session: Session, group: ShareGroup) -> SharingGroup:
    from .mending import mending_of

    model = session.live
    mends, code = mending_of(model.tree, group)
    members = []
    for member in group.members[:MEMBERS]:
        facts = model.facts(member.node.index)
        word = facts.kind if facts.kind != "hidden" else "module"
        members.append(SharingMember(path=member.node.path, kind=word, detail=facts.detail, part=member.part))
    return SharingGroup(
        kind=group.kind,
        title=group.title,
        members=members,
        more=max(len(group.members) - MEMBERS, 0),
        bytes=group.bytes,
        saved=group.saved,
        mends=mends,
        code=code,
        notes=[*group.notes, *_uses(session, group)],
    )


def _uses(session: Session, group: ShareGroup) -> Iterator[str]:
    """Yield of what parts the gradient of each shared parameter is the sum, after a backward."""
    trace = session.runs.newest
    went_back = None if trace is None else trace.went_back
    if went_back is None or group.kind != "object":
        return
    tree = session.live.tree
    first = group.members[0].node
    for node in tree.nodes[first.index : max(tree.ends[first.index], first.index + 1)]:
        uses = next((uses for path in (node.path, *node.names) if (uses := went_back.uses.get(path))), [])
        if len(uses) > 1:
            more = f" + {len(uses) - USES:,} more" if len(uses) > USES else ""
            yield f"gradient of {node.path}: the sum of {' + '.join(map(_use, uses[:USES]))}{more}"


def _use(use: Use) -> str:
    call = use.call
    name = "a use outside of the network" if call is None else f"call {call.index} of {call.module or call.op}"
    times = f", {len(use.norms):,} times" if len(use.norms) > 1 else ""
    return f"{name} (norm {max(use.norms):.3g}{times})"


def _equal_in_checkpoint(
    model: CheckpointModel, should_cancel: ShouldCancel, on_progress: Callable[[float], None]
) -> Iterator[SharingGroup]:
    from .equal_stored import STORED, TIES, equal_stored

    for nodes in equal_stored(model, should_cancel, on_progress):
        title = f"{len(nodes):,} tensors of equal values, each stored by itself"
        yield equal_group("equal", title, [model.facts(node) for node in nodes], STORED, TIES)

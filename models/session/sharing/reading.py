"""What is shared in what is open, for the explorer's view of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from ...messages import ShareKind, SharingFound, SharingGroup, SharingMember
from ...opened.node_facts import NodeFacts
from ...sources.wording import size_text
from ...work.cancelled import ShouldCancel, never

if TYPE_CHECKING:
    from ...checkpoint.model import CheckpointModel
    from ...run.trace.went_back import Use
    from ..session import Session
    from .groups import ShareGroup

GROUPS = 1_000
"""Groups that are sent."""
MEMBERS = 100
"""Names of a group that are sent."""
USES = 4
"""Uses of a parameter that are named."""
TIED = "stored once in the file under these names"
OVERLAP = "views of one storage in the file: loaded by torch, who changes one in place changes the others"
FLAT = "each has elements of its own in one storage of the file, as after flatten_parameters() of recurrent layers"


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
        found = list(_equal_in_checkpoint(model, should_cancel, on_progress) if values else _of_checkpoint(model))
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


def _of_checkpoint(model: CheckpointModel) -> Iterator[SharingGroup]:
    for nodes in model.sharing.tied():
        yield _stored("object", f"one tensor under {len(nodes):,} names", [model.facts(node) for node in nodes], TIED)
    for nodes in model.sharing.storages():
        flat = model.sharing.flat(nodes)
        title = f"{len(nodes):,} tensors of one storage" + (", beside each other" if flat else "")
        note = FLAT if flat else OVERLAP
        yield _stored("flat" if flat else "memory", title, [model.facts(node) for node in nodes], note)
    for facts in model.named_tensors():
        stored, size = facts.stored_bytes, facts.bytes
        if stored is not None and size is not None and stored > size:
            note = f"the file holds {size_text(stored)} for its {size_text(size)}; saving a .clone() of it does not"
            found = _stored("part", f"a tensor in a storage of {size_text(stored)}", [facts], note)
            yield msgspec.structs.replace(found, bytes=stored, saved=stored - size)


def _equal_in_checkpoint(
    model: CheckpointModel, should_cancel: ShouldCancel, on_progress: Callable[[float], None]
) -> Iterator[SharingGroup]:
    from .equal_stored import STORED, TIES, equal_stored

    for nodes in equal_stored(model, should_cancel, on_progress):
        title = f"{len(nodes):,} tensors of equal values, each stored by itself"
        yield _stored("equal", title, [model.facts(node) for node in nodes], STORED, TIES)


def _stored(kind: ShareKind, title: str, tensors: Sequence[NodeFacts], *notes: str) -> SharingGroup:
    size = (tensors[0].bytes or 0) if kind in ("object", "equal") else 0
    members = [SharingMember(path=each.path, kind=each.kind, detail=each.detail) for each in tensors[:MEMBERS]]
    return SharingGroup(
        kind=kind,
        title=title,
        members=members,
        more=max(len(tensors) - MEMBERS, 0),
        bytes=size,
        saved=size * (len(tensors) - 1),
        notes=list(notes),
    )

"""Embeddings: an index that the table does not have, indices that are no whole numbers."""

from __future__ import annotations

from torch import Tensor, nn

from .failed_call import FailedCall
from .words import dtype, sizes, where_outside


def hint(failed: FailedCall) -> str:
    """Return why an embedding failed, with what fits; empty for anything else."""
    if failed.op not in ("embedding", "embedding_bag"):
        return ""
    indices, table = failed.tensor(0, "input"), failed.tensor(1, "weight")
    if indices is None or table is None or table.dim() != 2:
        return ""
    if indices.is_floating_point() or indices.is_complex():
        return _no_indices(failed, indices, len(table))
    return _out_of_range(failed, indices, len(table))


def _no_indices(failed: FailedCall, indices: Tensor, rows: int) -> str:
    said = (
        f"{failed.name} takes indices, whole numbers below {rows:,}, got {dtype(indices.dtype)}{failed.given(indices)}"
    )
    if failed.is_input(indices):
        return f"{said}: an input such as `int64{sizes(indices.shape).replace(' ', '')}<{rows}` fits"
    if not indices.is_floating_point() or where_outside(indices.long(), 0, rows) is not None:
        return said
    return f"{said}: `.long()` before it fits"


def _out_of_range(failed: FailedCall, indices: Tensor, rows: int) -> str:
    found = where_outside(indices, 0, rows)
    if found is None:
        return ""
    place = f" at {sizes(found.place)}" if found.place else ""
    said = f"index {found.value:,}{place} is outside the {rows:,} rows of {failed.name}, 0 to {rows - 1:,}"
    said += f"; the indices come{failed.given(indices)}" if failed.given(indices) else ""
    if found.lowest < 0:
        return said
    mends = []
    if failed.is_input(indices):
        mends.append(f"an input below {rows:,}, `int64{sizes(indices.shape).replace(' ', '')}<{rows}`, fits")
    if failed.may_change and isinstance(failed.module, (nn.Embedding, nn.EmbeddingBag)):
        mend = f"`num_embeddings={found.highest + 1}`"
        mends.append(mend if mends else f"{mend} fits")
    return f"{said}: {', or '.join(mends)}" if mends else said

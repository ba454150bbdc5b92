"""A `DTensor` in a torch file, as FSDP2 and tensor parallelism save it: the part of one rank, and where it belongs.

See https://docs.pytorch.org/docs/stable/distributed.tensor.html for meshes and placements.
"""

from __future__ import annotations

from .raw import RawGroup, RawRecord, RawTensor

LOCAL, SPEC = "_local_tensor", "_spec"
"""What torch hangs on a `DTensor`."""
PART_OF = "part of"
"""The label of the note on a part that is not the whole."""


def local_part(made: RawGroup) -> RawTensor | RawGroup:
    """Return the tensor that a `DTensor` has on its rank, with notes on its placement; any other tensor itself."""
    part = made.parts.get(LOCAL)
    if len(made.parts) != 1 or not isinstance(part, (RawTensor, RawGroup)):
        return made
    notes = [("placement", _placement(made.settings.get(SPEC)))]
    if part.shape != made.shape:
        notes.append((PART_OF, f"a tensor of {list(made.shape)}: what one rank has of it, the others have the rest"))
    if isinstance(part, RawGroup):
        part.notes += tuple(note for note in notes if note not in part.notes)  # a file may name it twice
        return part
    whole = RawTensor(part.storage, part.dtype, part.offset, part.shape, part.stride, part.requires_grad, part.notes)
    whole.attributes = part.attributes
    whole.notes += tuple(notes)
    return whole


def _placement(spec: object) -> str:
    """Return `Shard(0), Replicate() on a mesh of 2 x 4, of cuda`, as far as it is known."""
    if not isinstance(spec, RawRecord):
        return "not known"
    placements, mesh = spec.attributes.get("placements"), spec.attributes.get("mesh")
    said = ", ".join(map(_placed, placements[:8])) if isinstance(placements, tuple) else ""
    if not isinstance(mesh, RawRecord):
        return said or "not known"
    shape = _mesh_shape(mesh)
    device = mesh.attributes.get("_device_type", mesh.attributes.get("device_type"))
    on = f" on a mesh of {' x '.join(map(str, shape))}" if shape else " on a mesh"
    return f"{said or 'not known'}{on}{f' of {device[:20]}' if isinstance(device, str) else ''}"


def _placed(placement: object) -> str:
    if not isinstance(placement, RawRecord):
        return "?"
    axis = placement.attributes.get("dim")
    return f"{placement.type}({axis if type(axis) is int and abs(axis) < 1000 else ''})"


def _mesh_shape(mesh: RawRecord) -> tuple[int, ...]:
    """Return how many ranks there are along each dimension of a mesh; empty where that is not known."""
    ranks = mesh.attributes.get("mesh")
    if isinstance(ranks, RawTensor):
        return ranks.shape
    layout = mesh.attributes.get("_layout")
    axes = layout.attributes.get("axes") if isinstance(layout, RawRecord) else None
    sizes = [each.attributes.get("shape") for each in axes or () if isinstance(each, RawRecord)]
    held = mesh.attributes.get("_rank_map")
    if len(sizes) > 1 and all(isinstance(each, tuple) and len(each) == 1 for each in sizes):
        return tuple(each[0] for each in sizes if each and type(each[0]) is int)
    return held.shape if isinstance(held, RawTensor) else ()

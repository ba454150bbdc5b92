"""A plan written to a new file, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..tensors.readable import Unreadable
from .new_file import free_bytes, new_file
from .pieces import PieceReader
from .plan import CannotSave, FilePlan, Form, SavedTensor
from .safetensors_file import header_bytes, in_file_order
from .torch_file import TorchFileWriter

TORCH_ENDINGS = (".pt", ".pth", ".bin")
"""Ends of the names of torch files; every other new file is a safetensors file."""
OTHER_ENDINGS = (
    ".ckpt", ".gguf", ".h5", ".json", ".keras", ".msgpack", ".npy", ".npz", ".onnx", ".pb", ".pickle", ".pkl",
    ".py", ".tar", ".tflite", ".zip",
)  # fmt: skip
"""Ends of names of files that are of a kind that is not written here."""

OnBytes = Callable[[int, str], None]
"""A callback that is given the bytes written so far, and the path of the tensor that is being written."""


def form_of(out: Path) -> Form:
    """Return the form of the file that the end of its name says.

    Raises:
        CannotSave: it says one that is not written here.
    """
    ending = out.suffix.lower()
    if ending in OTHER_ENDINGS:
        raise CannotSave(
            f"no {ending} file can be written", f"The name may end in .safetensors, {', '.join(TORCH_ENDINGS)}."
        )
    return "torch" if ending in TORCH_ENDINGS else "safetensors"


def write(plan: FilePlan, out: Path, metadata: Mapping[str, str], on_bytes: OnBytes) -> dict[str, int]:
    """Write the file; return how many finite numbers became infinite, by the path of their tensor.

    Args:
        metadata: of a safetensors file.

    Raises:
        CannotSave: something is at `out`, it cannot be written, or a tensor cannot be read any more.
    """
    if shortage := lack_of_room(plan, out):
        raise CannotSave(shortage, "--match PATTERN saves less, --dtype float16 or bfloat16 halves float32.")
    pieces = PieceReader()
    before = header_bytes(in_file_order(plan), metadata) if plan.form == "safetensors" else b""
    with new_file(out) as stream:
        count = _Count(pieces, on_bytes)
        if plan.form == "torch":
            with TorchFileWriter(stream, plan) as file:
                for tensor in plan.stored:
                    file.add(tensor, count.of(tensor))
        else:
            stream.write(before)
            for tensor in in_file_order(plan):
                for piece in count.of(tensor):
                    stream.write(piece)
    return pieces.overflowed


def lack_of_room(plan: FilePlan, out: Path) -> str:
    """Return a sentence on how much less is free where `out` is to be than it takes; empty where there is room."""
    free = free_bytes(out)
    if free is None or plan.bytes <= free:
        return ""
    return f"{str(out)!r} takes {plan.bytes:,} bytes, and {free:,} are free there"


class _Count:
    """The pieces of tensors, reported as they are written."""

    def __init__(self, pieces: PieceReader, on_bytes: OnBytes) -> None:
        self._pieces, self._on_bytes = pieces, on_bytes
        self._done = 0

    def of(self, tensor: SavedTensor) -> Iterator[bytes | memoryview]:
        """Yield the pieces of a tensor; raise CannotSave where it cannot be read, or has not as many as it should."""
        before = self._done
        self._on_bytes(before, tensor.path)
        try:
            for piece in self._pieces.of(tensor):
                yield piece
                self._done += len(piece)
                self._on_bytes(self._done, tensor.path)
        except Unreadable as error:
            raise CannotSave(f"{tensor.source_path!r} cannot be read: {error}") from None
        if self._done - before != tensor.bytes:
            raise CannotSave(
                f"{tensor.source_path!r} was to have {tensor.bytes:,} bytes, and {self._done - before:,} were read"
            )

"""Files of weights: recognised, so that a person is told what works instead of them."""

from __future__ import annotations

from pathlib import Path

from .base import Kind, Source, SourceError

_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".safetensors.index.json", ".gguf", ".onnx", ".h5", ".npz")


def _claims(text: str) -> bool:
    return text.lower().endswith(_SUFFIXES) or (bool(text) and Path(text).is_dir())


def _open(text: str) -> Source:
    path = Path(text)
    if not path.exists():
        raise SourceError(f"There is no file {text!r}", f"Looked for {path.absolute()}.")
    what = "folders" if path.is_dir() else "files"
    raise SourceError(
        f"{text!r}: {what} of weights are not opened by this version",
        "Open the code that builds the network, as FILE.py:NAME, where NAME is a function without arguments that "
        "builds it, loads the weights with load_state_dict and returns it.",
    )


KIND = Kind(claims=_claims, open=_open)

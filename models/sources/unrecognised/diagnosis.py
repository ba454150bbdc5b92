"""What every diagnosis needs: the two halves of a refusal, and a careful way to read a piece of a file."""

from __future__ import annotations

import os
import re
from pathlib import Path

Diagnosis = tuple[str, str]
"""What a thing is, in words that follow `NAME is`, and what to do."""

CONVERT = "Save its weights as safetensors, with the library that wrote it, and open that."
"""What to do with what another library wrote."""
KINDS = "Opened are safetensors, torch (.pt, .pth, .bin, .ckpt), GGUF, NumPy (.npy, .npz), shards, and folders of them."
"""What to do with what is not recognised: what would be."""

_TITLE = 80


def read_piece(path: Path, offset: int, size: int) -> bytes:
    """Return at most `size` bytes from `offset` on; fewer, or none, where they cannot be read.  Never waits."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, size, max(offset, 0))
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def quoted(text: str, limit: int = _TITLE) -> str:
    """Return what a file says of itself on one line, in quotation marks, at most `limit` characters; not cleaned."""
    text = re.sub(r"\s+", " ", text[: 8 * limit]).strip()
    return f"“{text[: limit - 1]}…”" if len(text) > limit else f"“{text}”"

"""What those who tell kinds of files apart share: the two halves of a refusal, and a careful way to read a piece."""

from __future__ import annotations

import os
import re
from pathlib import Path

Diagnosis = tuple[str, str]
"""What a thing is, to follow `NAME is`, and what to do."""

KINDS = "Opened are safetensors, torch (.pt, .pth, .bin, .ckpt), GGUF, their shards, and folders of them."

_TITLE = 80


def piece(path: Path, offset: int, size: int) -> bytes:
    """At most `size` bytes from `offset` on; fewer, or none, where they cannot be read.  Never waits."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.pread(number, size, max(offset, 0))
    except OSError:
        return b""
    finally:
        os.close(number)


def quoted(text: str, limit: int = _TITLE) -> str:
    """What a file says of itself, on one line, in quotation marks; not cleaned."""
    text = re.sub(r"\s+", " ", text[: 8 * limit]).strip()
    return f"“{text[: limit - 1]}…”" if len(text) > limit else f"“{text}”"

"""What is no model at all, and paths that are no files: each is named for what it is."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import tarfile
import zipfile
from pathlib import Path

from . import safetensors as st
from .case import BIDI, ESCAPES, LINES, MARKUP, Case, Opened, Refused, folder_of, written

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5261334937\n"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(ESCAPES.replace("\0", ""), b"")
        made.writestr(MARKUP, b"")
    return buffer.getvalue()


def _npz() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("w.npy", b"\x93NUMPY")
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as made:
        made.addfile(tarfile.TarInfo("a\x1b[31m.txt"))
    return buffer.getvalue()


def _tar_that_lies() -> bytes:
    """A member of 8 GB less one byte."""
    data = bytearray(_tar())
    data[124:136] = b"77777777777\0"
    return bytes(data)


def _socket(path: Path) -> None:
    """The path of a socket must be short."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(before)


def _link(target: str) -> object:
    return lambda path: path.symlink_to(target)


def _zeros(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 38)


_FILES: dict[str, tuple[object, str]] = {
    "lfs.safetensors": (written(LFS), r"Git LFS pointer.*git lfs pull.*4\.9 GB"),
    "page.bin": (written(b"<!DOCTYPE html><title>Log \x1b[31m in</title>"), r"web page.*Log"),
    "error.bin": (written(b'{"error": "Access \\u001b[31m denied"}'), r"error message.*denied"),
    "s3.bin": (written(b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'), r"AccessDenied"),
    "config.json": (written(b'{"model_type": "llama"}'), r"configuration.*folder"),
    "deep.json": (written(b'{"a":' * 100_000), r"JSON"),
    "text.pt": (written(b"Entry not found"), r"Entry not found"),
    "hostile-text.pt": (written((ESCAPES + BIDI + MARKUP).replace("\0", "").encode()), r"a kind that is not known"),
    "long-line.pt": (written(b"a" * 10_000_000), r"text"),
    "empty.safetensors": (written(b""), r"empty \(0 bytes\)"),
    "zeros.pt": (_zeros, r"zeros"),
    "random.bin": (written(random.Random(0).randbytes(9_000)), r"random"),
    "one-byte.pt": (written(b"\x80"), r"a kind that is not known"),
    "a.npz": (written(_npz()), r"NumPy"),
    "a.npy": (written(b"\x93NUMPY\1\0v\0{'descr': '<f4'}"), r"broken: it announces a header of 118 bytes"),
    "hostile.zip": (written(_zip()), r"zip file"),
    "hostile.tar": (written(_tar()), r"tar archive"),
    "lying.tar": (written(_tar_that_lies()), r"tar archive"),
    "a.tar.gz": (written(gzip.compress(_tar())), r"gzip"),
    "a.h5": (written(b"\x89HDF\r\n\x1a\n"), r"HDF5"),
    "a.onnx": (written(b"\x08\x07\x12\x07pytorch\x1a\x051.9.1:\xd5\x02"), r"ONNX"),
    "a.tflite": (written(b"\x1c\0\0\0TFL3"), r"TensorFlow Lite"),
    "a.pdf": (written(b"%PDF-1.7\n"), r"PDF"),
    "a.so": (written(b"\x7fELF\2\1\1\0"), r"library"),
    "sklearn.pkl": (written(b"\x80\x02csklearn.svm\nSVC\nq\0)R."), r"sklearn\.svm\.SVC"),
    "model.safetensors.part": (written(b"\x10\0\0\0\0\0\0\0{"), r"not finished|did not finish"),
    "fifo.pt": (os.mkfifo, r"FIFO"),
    "socket.pt": (_socket, r"socket"),
    "null.pt": (_link("/dev/null"), r"character device"),
    "zero.pt": (_link("/dev/zero"), r"character device"),
    "gone.pt": (_link("nowhere"), r"link to 'nowhere'"),
    "circle.pt": (_link("circle.pt"), r"leads back to itself"),
    "below-a-file": (folder_of({"a.pt": b"x"}), r"a file, not a folder"),
    "nothing": (folder_of({}), r"an empty folder"),
    "code": (folder_of({"train.py": b"x = 1\n", "a.json": b"{}"}), r"without weights.*train\.py:NAME"),
    "saved-model": (folder_of({"saved_model.pb": b"x"}), r"TensorFlow"),
    "folder-of-escapes": (folder_of({ESCAPES.replace("\0", "").replace("/", ""): b"x"}), r"without weights"),
}
_OPENS = {"below-a-file": "a.pt/b.pt"}


def cases() -> list[Case]:
    """All of them."""
    made = [
        Case(f"others/{name}", make, Refused(what), _OPENS.get(name, ""))  # type: ignore[arg-type]
        for name, (make, what) in _FILES.items()
    ]
    for label, name in (("markup", MARKUP), ("escapes", ESCAPES), ("bidi", BIDI), ("lines", LINES)):
        safe = name.replace("\0", "").replace("/", "")
        made.append(Case(f"others/{safe}.safetensors", written(st.file(st.GOOD)), Opened(st.W)))
        made.append(Case(f"others/broken {label} {safe}.safetensors", written(st.file(b"{")), Refused(label)))
    made.append(Case("others/~tilde.safetensors", written(st.file(st.GOOD)), Opened(st.W)))
    made.append(Case("others/good-named.txt", written(st.file(st.GOOD)), Opened(st.W)))
    return made

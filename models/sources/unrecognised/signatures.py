"""Kinds of files that are known by fixed bytes at a fixed place, as one table."""

from __future__ import annotations

from ..formats import PathInfo
from .diagnosis import CONVERT, Diagnosis

_UNPACK = "Unpack it and open what is inside."
_NO_WEIGHTS = "Name the file of the weights instead."
_SWITCH_ON = "It is a compiled program for one runtime: open the weights it was made from."
_DECRYPT = "Decrypt it first."

_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes (.h5)", CONVERT),
    (4, b"TFL3", "a TensorFlow Lite model", _SWITCH_ON),
    (4, b"ORTM", "an ONNX Runtime model", _SWITCH_ON),
    (4, b"PTMF", "a PyTorch Mobile model (flatbuffer)", _SWITCH_ON),
    (4, b"ET12", "an ExecuTorch program", _SWITCH_ON),
    (0, b"lmgg", "a GGML file, of before GGUF", "Convert it to GGUF with a script of llama.cpp."),
    (0, b"fmgg", "a GGML file, of before GGUF", "Convert it to GGUF with a script of llama.cpp."),
    (0, b"tjgg", "a GGML file, of before GGUF", "Convert it to GGUF with a script of llama.cpp."),
    (0, b"algg", "a GGML LoRA adapter, of before GGUF", "Convert it to GGUF with a script of llama.cpp."),
    (0, b"ARROW1", "an Arrow table, of data", _NO_WEIGHTS),
    (0, b"FEA1", "a Feather table, of data", _NO_WEIGHTS),
    (0, b"PAR1", "a Parquet table, of data", _NO_WEIGHTS),
    (0, b"SQLite format 3\0", "an SQLite database", _NO_WEIGHTS),
    (0, b"MATLAB 5.0", "a MATLAB file", CONVERT),
    (0, b"bplist", "an Apple property list", _NO_WEIGHTS),
    (0, b"\x1f\x8b", "compressed with gzip", "Unpack it: `gunzip -k` for one file, `tar xf` for a tar.gz."),
    (0, b"BZh", "compressed with bzip2", "Unpack it: `bunzip2 -k` for one file, `tar xf` for a tar.bz2."),
    (0, b"\xfd7zXZ\0", "compressed with xz", "Unpack it: `unxz -k` for one file, `tar xf` for a tar.xz."),
    (0, b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "Unpack it: `unzstd`."),
    (0, b"\x04\x22\x4d\x18", "compressed with LZ4", "Unpack it: `unlz4`."),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (0, b"!<arch>\n", "a static library or Debian package", _NO_WEIGHTS),
    (0, b"%PDF-", "a PDF document", _NO_WEIGHTS),
    (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)", _NO_WEIGHTS),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", _NO_WEIGHTS),
    (0, b"GIF8", "a picture (GIF)", _NO_WEIGHTS),
    (8, b"WEBP", "a picture (WebP)", _NO_WEIGHTS),
    (8, b"WAVE", "a sound file (WAV)", _NO_WEIGHTS),
    (4, b"ftyp", "a video or sound file (MP4)", _NO_WEIGHTS),
    (0, b"OggS", "a sound file (Ogg)", _NO_WEIGHTS),
    (0, b"\x7fELF", "a program or library (ELF)", _NO_WEIGHTS),
    (0, b"MZ\x90\0", "a program or library of Windows", _NO_WEIGHTS),
    (0, b"\xcf\xfa\xed\xfe", "a program or library (Mach-O)", _NO_WEIGHTS),
    (0, b"\xce\xfa\xed\xfe", "a program or library (Mach-O)", _NO_WEIGHTS),
    (0, b"\xca\xfe\xba\xbe", "a program (Mach-O or Java)", _NO_WEIGHTS),
    (0, b"\0asm", "a WebAssembly program", _NO_WEIGHTS),
    (1, b"\x0d\r\n", "compiled Python (.pyc)", "Write FILE.py:NAME of its source instead."),
    (1, b"\x0e\r\n", "compiled Python (.pyc)", "Write FILE.py:NAME of its source instead."),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _NO_WEIGHTS),
    (0, b"Salted__", "encrypted with OpenSSL", _DECRYPT),
    (0, b"age-encryption.org/", "encrypted with age", _DECRYPT),
    (0, b"-----BEGIN PGP MESSAGE", "encrypted with PGP", _DECRYPT),
    (0, b"\x8c\x0d\x04", "encrypted with PGP", _DECRYPT),
    (0, b"ptrt", "a TensorRT engine", _SWITCH_ON),
    (0, b"ftrt", "a TensorRT engine", _SWITCH_ON),
)
"""Where the bytes stand, the bytes, what it is, what to do."""


def by_signature(found: PathInfo) -> Diagnosis | None:
    """Return what fixed bytes at a fixed place mean; None where there are none of those known."""
    for offset, magic, what, remedy in _SIGNATURES:
        if found.head.startswith(magic, offset):
            return what, remedy
    return None

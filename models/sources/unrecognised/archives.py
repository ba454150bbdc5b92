"""Archives: zip and tar files, known by what is in them.  Only their lists are read, and little of those.

The formats: PKWARE's APPNOTE.TXT, and the `ustar` interchange format of POSIX.
"""

from __future__ import annotations

import zipfile
from contextlib import suppress

from ..formats import PathInfo
from ..wording import listed
from .diagnosis import CONVERT, Diagnosis, read_piece

_LIST_LIMIT = 4_000_000
"""Bytes of a zip file's list that are read, at most."""
_MEMBER_LIMIT = 20
"""Members of a tar file that are looked at, at most."""

_ZIPS: tuple[tuple[str, str, str], ...] = (
    ("[Content_Types].xml", "an Office document", "Name the file of the weights instead."),
    ("META-INF/container.xml", "an e-book", "Name the file of the weights instead."),
    ("MAR-INF/MANIFEST.json", "a TorchServe archive (.mar)", "Unpack it and open the file of the weights inside."),
    ("META-INF/MANIFEST.MF", "a Java archive", "Name the file of the weights instead."),
    ("AndroidManifest.xml", "an Android app", "Name the file of the weights instead."),
    ("model.weights.h5", "a Keras model", CONVERT),
    ("word/document.xml", "an Office document", "Name the file of the weights instead."),
)
"""A member that is there, what the archive is, what to do."""


def by_archive(found: PathInfo) -> Diagnosis | None:
    """Return what a zip or tar file is, by the names in it; None for another file."""
    if found.head.startswith((b"PK\3\4", b"PK\5\6", b"PK\7\x08")):
        return _zip(found)
    if found.head[257:262] == b"ustar":
        return _tar(found)
    return None


def _zip(found: PathInfo) -> Diagnosis:
    names = _zip_names(found)
    if names is None:
        return "a zip file that is cut or broken: its list, which stands at its end, is not there", "Copy it again."
    if not names:
        return "a zip file with nothing in it", "Name the file of the weights instead."
    for member, what, remedy in _ZIPS:
        if member in names:
            return what, remedy
    if any(name.endswith(".dist-info/WHEEL") for name in names):
        return "a Python package (a wheel)", "Install it and write package.module:NAME."
    return f"a zip file that is no torch file (in it: {listed(names)})", "Unpack it and open what is inside."


def _zip_names(found: PathInfo) -> list[str] | None:
    """Return the names in a zip file; None when its list is broken, or larger than an archive of weights needs."""
    tail = read_piece(found.path, found.size - 66_000, 66_000)
    end = tail.rfind(b"PK\5\6")
    if end < 0 or int.from_bytes(tail[end + 12 : end + 16], "little") > _LIST_LIMIT:
        return None
    with suppress(Exception), zipfile.ZipFile(found.path) as archive:  # it raises many sorts for what is broken
        return archive.namelist()
    return None


def _tar(found: PathInfo) -> Diagnosis:
    names = list(_tar_names(found))
    if {"pickle", "storages"} <= {name.rpartition("/")[2] for name in names}:
        return "a torch file in the tar format of 2016", "Open it with torch.load and save it again."
    if any(name.endswith("model_config.yaml") for name in names):
        return f"a NeMo archive (in it: {listed(names)})", "Unpack it with `tar xf` and open the .ckpt inside."
    return f"a tar archive (in it: {listed(names)})", "Unpack it with `tar xf` and open what is inside."


def _tar_names(found: PathInfo) -> list[str]:
    names: list[str] = []
    offset = 0
    for _ in range(_MEMBER_LIMIT):
        block = read_piece(found.path, offset, 512)
        if len(block) < 512 or block[257:262] != b"ustar":
            break
        if block[156:157] in b"0\0":
            names.append(block[:100].partition(b"\0")[0].decode("utf-8", "replace"))
        digits = block[124:136].strip(b"\0 ")
        size = int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else 0
        offset += 512 + -(-size // 512) * 512
    return names

"""Which files are taken for torch's, and that no mutation of a good one does anything but be read or refused."""

import io
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.opened.source import OpenOptions, SourceError
from models.sources.files import checkpoint_at, open_path
from models.sources.looking import look
from models.sources.torch_file import FORMAT
from models.tensors.readable import Unreadable
from tests.cases import examples

LEGACY = {"_use_new_zipfile_serialization": False}
GRID = torch.arange(24.0).reshape(4, 6)
VALUE = {
    "w": GRID, "t": GRID.t(), "h": GRID[:, 1:3].to(torch.bfloat16), "p": torch.nn.Parameter(GRID[0]),
    "n": [1, "x", None], "s": GRID.to_sparse(), "m": torch.empty(2, device="meta"), "u": GRID.to(torch.uint16),
}  # fmt: skip


def good(**options: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(VALUE, buffer, **options)
    return buffer.getvalue()


FILES = {"zip": good(), "legacy": good(**LEGACY), "compressed": b""}


def compressed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FILES["zip"])) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return buffer.getvalue()


FILES["compressed"] = compressed()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "is_torch"),
    [
        (FILES["zip"], True), (FILES["legacy"], True), (FILES["zip"][:500], True), (FILES["legacy"][:50], True),
        (good(pickle_protocol=4, **LEGACY), True), (zipped("readme.txt", "net/data.pkl"), True),
        (zipped("net/version"), True), (zipped("word/document.xml", "[Content_Types].xml"), False),
        (zipped("a.npy", "b.npy"), False), (zipped("model.weights.h5", "config.json"), False),
        (pickle.dumps({"a": 1}), False), (pickle.dumps(0x1950A86A20F9469CFC6C), True), (b"PK\3\4" + bytes(50), False),
        (b"x" * 100, False),
    ],
)  # fmt: skip
def test_recognised_by_content(tmp_path: Path, data: bytes, is_torch: bool) -> None:
    (tmp_path / "some.file").write_bytes(data)
    assert FORMAT.recognises(look(str(tmp_path / "some.file"))) is is_torch


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutations_are_read_or_refused(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    whole = bytearray(FILES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, min(1500, len(whole) - 1)))
        if data.draw(st.booleans()):
            whole[place] = data.draw(st.integers(0, 255))
        elif data.draw(st.booleans()):
            del whole[place : place + data.draw(st.integers(1, 20))]
        else:
            whole[place:place] = data.draw(st.binary(min_size=1, max_size=20))
    path = tmp_path / "mutated.pt"
    path.write_bytes(whole)
    if not FORMAT.recognises(look(str(path))):
        return
    with suppress(SourceError):
        for each in checkpoint_at(path, OpenOptions()).tensors:
            assert each.place
            assert each.notes is not None
            with suppress(Unreadable):
                many = min(each.elements, 1000)
                assert len(each.flat(0, many)) == each.dtype.plain.bytes_for(many)


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_every_truncation(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cut.pt"
    for size in range(40, len(FILES[kind]), 37):
        path.write_bytes(FILES[kind][:size])
        if FORMAT.recognises(look(str(path))):
            with pytest.raises(SourceError) as caught:
                checkpoint_at(path, OpenOptions())
            assert "\n" not in caught.value.title
            assert "cut.pt" in caught.value.title


TOUCH = b"\x80\x02cposix\nsystem\nX%s\x85R."


@pytest.mark.parametrize("kind", ["zip", "legacy"])
@pytest.mark.parametrize("trust", [False, True])
def test_nothing_is_run_without_trust(tmp_path: Path, kind: str, trust: bool) -> None:
    command = f"touch {tmp_path}/ran".encode()
    evil = TOUCH % (len(command).to_bytes(4, "little") + command)
    path = tmp_path / "evil.pt"
    if kind == "legacy":
        path.write_bytes(
            b"".join(pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {})) + evil + b"\x80\x02]."
        )
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("evil/data.pkl", evil)
            archive.writestr("evil/version", b"3")
    if trust:
        with pytest.raises(SourceError):  # what it returns is no network
            open_path(str(path), OpenOptions(trust=True))
    else:
        source = open_path(str(path), OpenOptions())
        (item,) = source.checkpoint.items
        assert (item.type, item.text) == ("system", f"posix.system('touch {tmp_path}/ran')")
        assert source.note == (
            "It names a class or function not known here (posix.system): shown as written, and nothing of it was run."
        )
    assert (tmp_path / "ran").exists() is trust  # so it would have been run

"""Several files as one checkpoint: what is shown, and what is reported when they do not fit."""

from __future__ import annotations

import os
import shlex

import pytest

from models.opened.source import OpenOptions, SeveralSources, SourceError
from models.sources.files import open_path

ONE, TWO, THREE = (f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3))


def values(checkpoint) -> dict[str, int]:
    return {each.path: each.flat(0, 1)[0] for each in checkpoint.tensors}


@pytest.fixture
def three(write):
    write(ONE, {"format": "pt"}, a=1, b=2)
    write(TWO, {"format": "pt"}, c=3)
    write(THREE, {"format": "tf", "x": "y"}, d=4)


@pytest.mark.parametrize("name", [ONE, TWO, THREE, ""])
def test_one_opens_all_and_so_does_their_folder(three, opened, name):
    checkpoint = opened(name)
    assert values(checkpoint) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert checkpoint.warnings == []
    assert checkpoint.kind == "3 shards"
    assert [file.name for file in checkpoint.files] == [ONE, TWO, THREE]
    assert checkpoint.metadata == {"format": "pt", "x": "y", THREE: {"format": "tf"}}


def test_a_missing_shard_is_named_and_the_rest_is_shown(three, opened, tmp_path):
    (tmp_path / TWO).unlink()
    checkpoint = opened(ONE)
    assert values(checkpoint) == {"a": 1, "b": 2, "d": 4}
    assert checkpoint.warnings == [f"1 of 3 shards is missing: {TWO}"]
    assert opened().warnings == checkpoint.warnings


def test_a_surplus_shard_is_named(three, opened, write):
    write("model-00004-of-00003.safetensors", e=5)
    checkpoint = opened(ONE)
    assert "e" not in values(checkpoint)
    assert checkpoint.warnings == ["1 shard is of another set: model-00004-of-00003.safetensors"]


def test_a_broken_shard_is_named_and_the_rest_is_shown(three, opened, tmp_path):
    content = (tmp_path / TWO).read_bytes()
    (tmp_path / TWO).write_bytes(content[:-1])
    checkpoint = opened(ONE)
    assert values(checkpoint) == {"a": 1, "b": 2, "d": 4}
    assert checkpoint.warnings == [f"1 shard is left out: {TWO} is cut short: 1 byte is missing"]


def test_what_is_wrong_with_the_first_when_none_can_be_opened(tmp_path, opened):
    (tmp_path / ONE).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    with pytest.raises(SourceError, match=ONE):
        opened(ONE)


def test_two_shards_with_the_same_tensor(three, write, opened):
    write(THREE, d=4, a=9)
    checkpoint = opened(ONE)
    assert values(checkpoint)["a"] == 1
    assert len(checkpoint.tensors) == 4
    assert checkpoint.warnings == [f"1 tensor is in two shards: a (shown is that of {ONE}, not {THREE})"]


def test_an_index_is_followed(three, write_index, opened):
    write_index({"a": ONE, "b": ONE, "c": TWO})
    for name in ("model.safetensors.index.json", "", ONE):
        checkpoint = opened(name)
        assert values(checkpoint) == {"a": 1, "b": 2, "c": 3}
        assert checkpoint.warnings == [f"1 shard is there that the index does not name: {THREE}"]
        assert checkpoint.metadata["total_size"] == 3


def test_a_total_size_that_contradicts_the_shards_is_said(three, write_index, opened):
    weights = {"a": ONE, "b": ONE, "c": TWO, "d": THREE}
    write_index(weights, metadata={"total_size": 4.0})
    assert opened().warnings == []
    write_index(weights, metadata={"total_size": 1234})
    assert opened().warnings == ["the index says that all tensors take 1,234 bytes (total_size), and they take 4"]
    write_index({"a": ONE, "z": "gone.safetensors"}, metadata={"total_size": 1234})
    assert not any("total_size" in each for each in opened().warnings)


def test_an_index_that_promises_what_is_not_there(three, write_index, opened, tmp_path):
    (tmp_path / TWO).unlink()
    write_index({"a": THREE, "c": TWO, "d": THREE, "lost": ONE, "lost too": ONE})
    checkpoint = opened()
    assert values(checkpoint) == {"a": 1, "b": 2, "d": 4}
    assert sorted(checkpoint.warnings) == [
        f"1 of 3 shards is missing: {TWO}",
        "1 tensor is in a shard, but not in the index: b",
        f"1 tensor is in another shard than the index says: a (in {ONE}, not {THREE})",
        "1 tensor is not shown, being in shards that are missing or left out",
        "2 tensors are in no shard, though the index names one: lost, lost too",
    ]


def test_the_promised_one_of_two_is_shown(write, write_index, opened):
    write("x.safetensors", a=1, b=2)
    write("y.safetensors", a=5, c=3)
    write_index({"a": "y.safetensors", "b": "x.safetensors", "c": "y.safetensors"})
    checkpoint = opened()
    assert values(checkpoint) == {"b": 2, "a": 5, "c": 3}
    assert checkpoint.warnings == ["1 tensor is in two shards: a (shown is that of y.safetensors, not x.safetensors)"]


def test_an_index_without_any_of_its_shards(write_index, opened):
    write_index({"a": "x.bin", "b": "y.bin"})
    with pytest.raises(SourceError, match=r"all 2 shards it names are missing: x\.bin, y\.bin$"):
        opened()
    write_index({})
    with pytest.raises(SourceError, match="names no tensors"):
        opened()


def test_a_broken_index_is_reported_and_the_numbers_are_followed(three, opened, tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text("{")
    checkpoint = opened(TWO)
    assert len(checkpoint.tensors) == 4
    assert "model.safetensors.index.json is no valid JSON" in checkpoint.warnings[0]


def test_an_index_does_not_lead_out_of_its_folder_by_a_link(write, write_index, opened, tmp_path):
    write("secret/x.safetensors", a=1)
    write("here/y.safetensors", b=2)
    (tmp_path / "here" / "x.safetensors").symlink_to("../secret/x.safetensors")
    (tmp_path / "here" / "z.safetensors").symlink_to("y.safetensors")
    write_index({"a": "x.safetensors", "b": "z.safetensors"}, "here/model.safetensors.index.json")
    checkpoint = opened("here")
    assert values(checkpoint) == {"b": 2}
    assert checkpoint.warnings[0].startswith("1 shard is left out: x.safetensors is a link to a file outside")


def test_an_index_does_not_lead_out_of_its_folder_by_a_name(write, write_index, opened, tmp_path):
    write("secret.safetensors", a=1)
    write("here/y.safetensors", b=2)
    index = "here/model.safetensors.index.json"
    write_index({"a": "../secret.safetensors", "b": "y.safetensors"}, index)
    checkpoint = opened("here")
    assert values(checkpoint) == {"b": 2}
    assert checkpoint.warnings[0] == (
        "1 file is outside of the folder, and not opened, though the index names it: ../secret.safetensors"
    )
    write_index({"a": str(tmp_path / "secret.safetensors")}, index)
    with pytest.raises(SourceError, match=r"names no file beside it, but '/.*' outside of its folder$"):
        opened("here")


def test_the_links_of_the_hubs_cache_are_followed(write, write_index, opened, tmp_path):
    write("blobs/0123", a=1)
    (tmp_path / "snapshots" / "abc").mkdir(parents=True)
    (tmp_path / "snapshots" / "abc" / "x.safetensors").symlink_to("../../blobs/0123")
    write_index({"a": "x.safetensors"}, "snapshots/abc/model.safetensors.index.json")
    checkpoint = opened("snapshots/abc")
    assert (values(checkpoint), checkpoint.warnings) == ({"a": 1}, [])


def test_odd_things_in_the_place_of_a_shard(write, write_index, opened, tmp_path):
    write("x.safetensors", a=1)
    os.mkfifo(tmp_path / "fifo.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "loop.safetensors").symlink_to("loop.safetensors")
    names = ["x", "fifo", "folder", "loop"]
    write_index({name: f"{name}.safetensors" for name in names})
    checkpoint = opened()
    assert values(checkpoint) == {"a": 1}
    assert checkpoint.warnings[0].startswith("3 shards are left out: fifo.safetensors is a FIFO")


def test_files_of_a_folder_or_a_pattern_are_one(write, opened, tmp_path):
    write("x.safetensors", a=1)
    write("y.safetensors", b=2)
    write("sub/z.safetensors", c=3)
    assert values(opened()) == {"a": 1, "b": 2}
    assert values(opened("*.safetensors")) == {"a": 1, "b": 2}
    assert values(opened("[yx].safetensors")) == {"a": 1, "b": 2}
    assert values(opened("?.safe*")) == {"a": 1, "b": 2}
    assert values(opened("s*/*")) == {"c": 3}
    source = open_path(str(tmp_path / "y*"), OpenOptions())
    assert (source.source, values(source.checkpoint)) == (str(tmp_path / "y*"), {"b": 2})


def test_a_pattern_that_fits_one_shard_opens_it_alone(three, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = open_path(TWO, OpenOptions())
    assert len(whole.checkpoint.tensors) == 4
    assert whole.note == "All shards are open; this one alone: 'model-0000[2]-of-00003.safetensors'"
    for pattern in (shlex.split(whole.note)[-1], "*2-of-*", str(tmp_path / "model-*[2]-of-00003.safetensors")):
        alone = open_path(pattern, OpenOptions())
        assert (values(alone.checkpoint), alone.checkpoint.warnings, alone.source) == ({"c": 3}, [], pattern)
        assert alone.note.startswith("This is 1 of 3 shards; ")
        assert len(open_path(shlex.split(alone.note)[6], OpenOptions()).checkpoint.tensors) == 4
    assert open_path("*.safetensors", OpenOptions()).note == open_path(str(tmp_path), OpenOptions()).note == ""


def test_a_pattern_for_a_shard_whose_name_is_one_itself(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("[ab]-1-of-2.safetensors", "[ab]-2-of-2.safetensors", "a-2-of-2.safetensors")):
        write(name, **{f"t{number}": 1})
    source = open_path("[ab]-2-of-2.safetensors", OpenOptions())
    assert len(source.checkpoint.tensors) == 2
    alone = open_path(shlex.split(source.note)[-1], OpenOptions())
    assert [file.name for file in alone.checkpoint.files] == ["[ab]-2-of-2.safetensors"]


def test_a_pattern_over_folders(write, opened):
    write("rank0/x.safetensors", a=1)
    write("rank1/x.safetensors", b=2)
    checkpoint = opened("rank*/x.safetensors")
    assert values(checkpoint) == {"a": 1, "b": 2}
    with pytest.raises(SourceError, match="fits several folders, and no file"):
        opened("rank*")


def test_a_pattern_that_fits_nothing(opened):
    with pytest.raises(SourceError, match=r"No file fits '.*\*\.safetensors'"):
        opened("*.safetensors")


def test_several_checkpoints_are_no_shards(write, opened, tmp_path):
    write("small.safetensors", a=1, b=2, c=9)
    write("large.safetensors", a=3, b=4, d=5)
    with pytest.raises(SeveralSources, match="holds several checkpoints, not the shards of one: ") as caught:
        opened("*.safetensors")
    assert "Open one of them" in caught.value.text
    assert [each.source for each in caught.value.choices] == [
        str(tmp_path / "large.safetensors"),
        str(tmp_path / "small.safetensors"),
    ]


def test_many_warnings_are_few(write, write_index, opened):
    write("x.safetensors", a=1)
    write_index({"a": "x.safetensors"} | {f"gone{n}": "x.safetensors" for n in range(5000)})
    (warning,) = opened().warnings
    assert warning == ("5,000 tensors are in no shard, though the index names one: gone0, gone1, gone2 and 4,997 more")


def test_names_stay_one_line_and_short(write, write_index, opened):
    long = "x\n" * 50_000
    write("x.safetensors", **{long: 1})
    write_index({long + "y": "x.safetensors"})
    assert all(len(each) < 400 for each in opened().warnings)


def test_nothing_is_written(three, opened, tmp_path):
    before = {each: each.stat().st_mtime_ns for each in [tmp_path, *tmp_path.iterdir()]}
    opened()
    assert {each: each.stat().st_mtime_ns for each in [tmp_path, *tmp_path.iterdir()]} == before

"""An index: what it says, and what it must not say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.opened.source import SourceError
from models.sources.shards.index import read_index

GOOD = {"metadata": {"total_size": 9}, "weight_map": {"a": "x.bin", "b": "y.bin", "c": "x.bin"}}


def test_what_it_says(tmp_path):
    (tmp_path / "i").write_text(json.dumps(GOOD | {"more": [1]}))
    index = read_index(tmp_path / "i")
    assert index.promised == GOOD["weight_map"]
    assert index.files() == (["x.bin", "y.bin"], [])
    assert index.metadata == {"total_size": 9}


@pytest.mark.parametrize(
    "file",
    ["../x", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "C:\\x", "a\0b", "../" * 1000],
    ids=range(10),
)
def test_no_file_outside_of_its_folder(tmp_path, file):
    (tmp_path / "i").write_text(json.dumps({"weight_map": {"a": "x.bin", "b": file, "c": file}}))
    assert read_index(tmp_path / "i").files() == (["x.bin"], [file])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is no index of shards"),
        ('{"weight_map": []}', "is no index of shards"),
        ('{"weight_map": {"a": 1}}', "is no index of shards"),
        ('{"weight_map": {"a": null}}', "is no index of shards"),
        ("[]", "is no index of shards"),
        ('{"weight_map": {', "is no valid JSON"),
        ('{"metadata": ' + "[" * 100_000, "is nested too deeply"),
    ],
    ids=range(7),
)
def test_what_is_no_index(tmp_path, text, said):
    (tmp_path / "i").write_text(text)
    with pytest.raises(SourceError, match=said):
        read_index(tmp_path / "i")


@pytest.mark.parametrize(
    "metadata",
    ["[1]", '"x"', "[" * 200 + "]" * 200, '{"a": 1e999}', json.dumps([[]] * 400_000)],
    ids=["a list", "a text", "deep", "infinite", "large"],
)
def test_odd_metadata_is_left_out(tmp_path, metadata):
    (tmp_path / "i").write_text(f'{{"metadata": {metadata}, "weight_map": {{"a": "x"}}}}')
    assert read_index(tmp_path / "i").metadata == {}


@given(st.binary(max_size=60) | st.integers(0, 90).map(lambda cut: json.dumps(GOOD).encode()[:cut]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "index"
    path.write_bytes(raw)
    try:
        index = read_index(path)
    except SourceError:
        return
    assert index == read_index(path)

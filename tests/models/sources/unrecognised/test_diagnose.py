"""Each kind of file and folder that is no model gets one line with its name, what it is, and what to do."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import struct
import tarfile
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest

from models.sources.looking import look
from models.sources.unrecognised import diagnose


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()


def tarred(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 700
            archive.addfile(member, io.BytesIO(bytes(700)))
    return buffer.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5261334937\n"
NOTEBOOK = json.dumps({"cells": [], "nbformat": 4, "metadata": {}}).encode()
CONFIG = json.dumps({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}).encode()
ONNX = b"\x08\x07\x12\x07pytorch\x1a\x051.9.1:\xd5\x02"
GRAPH = b"\x0a\x1e\x0a\x05input\x12\x0bPlaceholder\x2a\x08"

FILES: dict[str, tuple[bytes, list[str], list[str]]] = {
    "model.bin": (LFS, ["Git LFS pointer"], ["git lfs pull", "4.9 GB"]),
    "annex.pt": (b"/annex/objects/MD5E-s1--aa.pt\n", ["git-annex"], ["git annex get"]),
    "dvc.pt": (b"outs:\n- md5: aa\n  path: x\n", ["DVC"], ["dvc pull"]),
    "page.bin": (b"\n<!DOCTYPE html><html><head><title>Sign\n in</title>", ["web page", "“Sign in”"], ["download"]),
    "html.bin": (b"<html>" + b"x" * 9000, ["web page"], ["download"]),
    "s3.bin": (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', ["AccessDenied"], ["download"]),
    "some.xml": (b'<?xml version="1.0"?>\n<a/>', ["XML"], []),
    "net.xml": (b'<?xml version="1.0"?>\n<net name="x" version="11">', ["OpenVINO"], []),
    "config.json": (CONFIG, ["configuration", "without its weights"], ["open its folder"]),
    "tokenizer.json": (b'{"version": "1.0", "added_tokens": [], "model": {}}', ["tokenizer"], ["folder"]),
    "api.bin": (b'{"error": "Repository not found"}', ["error message", "“Repository not found”"], ["download"]),
    "nested.bin": (b'{"errors": [{"code": 7}]}', ["error message", '[{"code": 7}]'], ["download"]),
    "other.json": (b'{"a": 1, "b": 2, "c": 3, "d": 4}', ["JSON", "a, b, c and 1 more"], []),
    "list.json": (b"[1, 2]", ["JSON list"], []),
    "empty.json": (b"{}", ["empty JSON"], []),
    "cut.json": (b'{"a": [1, 2', ["broken or cut"], []),
    "deep.json": (b"[" * 200_000, ["broken or cut"], []),
    "big.json": (b'{"a": "' + b"x" * 1_100_000 + b'"}', ["JSON"], []),
    "tfjs.json": (b'{"modelTopology": {}, "weightsManifest": []}', ["TensorFlow.js"], []),
    "nb.ipynb": (NOTEBOOK, ["Jupyter notebook"], ["FILE.py:NAME"]),
    "text.bin": (b"Entry not found", ["text file", "“Entry not found”"], ["download"]),
    "bom.txt": (b"\xef\xbb\xbfHallo Welt\nzwei\n", ["text file", "“Hallo Welt”"], ["safetensors"]),
    "wide.txt": ("Hallo\nWelt".encode("utf-16"), ["text file", "“Hallo”"], []),
    "long.txt": (b"ab " * 9000, ["text file", "ab ab"], []),
    "blank.pt": (b" \n\n", ["blank"], ["download"]),
    "train.yaml": (b"model:\n  layers: 3\n", ["YAML"], []),
    "code.txt": (b"import torch\nclass Net(torch.nn.Module):\n    pass\n", ["Python source"], ["FILE.py:NAME"]),
    "run.txt": (b"#!/bin/sh\necho\n", ["script"], []),
    "zeros.bin": (bytes(5000), ["filled with zeros"], ["again"]),
    "a.keras": (zipped(config_dot_json=b"{}", model_dot_weights_dot_h5=b""), ["Keras"], []),
    "a.docx": (zipped(**{"[Content_Types]_dot_xml": b""}), ["Office"], []),
    "a.zip": (zipped(x_dot_txt=b"", y__z=b""), ["zip file", "x.txt, y/z"], ["Unpack"]),
    "a.jar": (zipped(**{"META-INF__MANIFEST_dot_MF": b""}), ["Java"], []),
    "a.whl": (zipped(**{"a_dot_py": b"", "a-1_dot_dist-info__WHEEL": b""}), ["wheel"], ["package.module:NAME"]),
    "none.zip": (b"PK\5\6" + bytes(18), ["nothing in it"], []),
    "cut.zip": (zipped(a=b"1" * 500)[:-30], ["cut or broken"], ["again"]),
    "a.tar": (tarred("a.txt", "b/c.pt"), ["tar archive", "a.txt, b/c.pt"], ["tar xf"]),
    "old.tar": (tarred("sys_info", "pickle", "storages", "tensors"), ["tar format of 2016"], ["torch.load"]),
    "a.nemo": (tarred("model_config.yaml", "model_weights.ckpt"), ["NeMo"], [".ckpt"]),
    "a.gz": (gzip.compress(b"x" * 500), ["gzip"], ["gunzip"]),
    "a.bz2": (b"BZh91AY&SY" + b"\xfa" * 50, ["bzip2"], ["bunzip2"]),
    "a.xz": (b"\xfd7zXZ\0\0\4", ["xz"], ["unxz"]),
    "a.zst": (b"\x28\xb5\x2f\xfd\x04", ["Zstandard"], ["unzstd"]),
    "a.7z": (b"7z\xbc\xaf\x27\x1c\0\4", ["7-Zip"], []),
    "a.rar": (b"Rar!\x1a\x07\x01\0", ["RAR"], []),
    "a.h5": (b"\x89HDF\r\n\x1a\n\0\0", ["HDF5"], []),
    "a.tflite": (b"\x1c\0\0\0TFL3\0\0", ["TensorFlow Lite"], []),
    "a.ggml": (b"lmgg\0\0\0\0\1", ["GGML"], ["llama.cpp"]),
    "a.onnx": (ONNX, ["ONNX", "“pytorch”"], ["exported"]),
    "bare.onnx": (b"\x08\x08\x3a\xd5\x02\x0a", ["ONNX"], []),
    "frozen.pb": (GRAPH, ["frozen TensorFlow"], []),
    "saved_model.pb": (b"\x08\x01\x12\xd5\x9a\x02", ["SavedModel"], []),
    "model.mlmodel": (b"\x08\x04\x12\xae\x01\x0a\x10", ["Core ML"], []),
    "ck.data-00000-of-00001": (b"\x12\x34\xf0" * 9, ["TensorFlow checkpoint"], []),
    "ck.index": (b"\0\1\2\xff" * 9 + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", ["TensorFlow checkpoint"], []),
    "flax.msgpack": (b"\x81\xa6params\x81\xa5dense\xc7", ["MessagePack"], []),
    "plain.pkl": (pickle.dumps({"a": 1}), ["pickle of plain values"], []),
    "cut.pkl": (pickle.dumps({"a": 1})[:-1], ["a Python pickle, and no file of torch"], []),
    "proto0.pkl": (pickle.dumps(Fraction(1, 2), 0), ["pickle", "“fractions.Fraction”"], ["not run"]),
    "fraction.pkl": (pickle.dumps([Fraction(1, 2)]), ["pickle", "“fractions.Fraction”"], ["not run"]),
    "sk.pkl": (b"\x80\x02csklearn.svm\nSVC\nq\0.", ["scikit-learn", "“sklearn.svm.SVC”"], ["not run"]),
    "a.arrow": (b"ARROW1\0\0", ["Arrow"], []),
    "a.parquet": (b"PAR1\x15\x04", ["Parquet"], []),
    "a.db": (b"SQLite format 3\0", ["SQLite"], []),
    "a.pdf": (b"%PDF-1.7\n", ["PDF"], []),
    "a.asc": (b"-----BEGIN PGP MESSAGE-----\n", ["encrypted with PGP"], ["Decrypt"]),
    "one-byte": (b"\x80", ["kind that is not known", "80"], []),
    "cut.txt": ("ä".encode() * 2047 + b"ab\xc3\xa4", ["text file"], []),
    "a.png": (b"\x89PNG\r\n\x1a\n\0", ["picture"], []),
    "a.wav": (b"RIFF\x24\0\0\0WAVEfmt ", ["sound"], []),
    "a.so": (b"\x7fELF\2\1\1\0", ["library"], []),
    "a.exe": (b"MZ\x90\0\3", ["Windows"], []),
    "a.pyc": (b"\xa7\r\r\n\0\0", ["compiled Python"], ["FILE.py:NAME"]),
    "a.gpg": (b"\x8c\x0d\x04\x09\x03", ["encrypted"], ["Decrypt"]),
    "random.bin": (random.Random(0).randbytes(5000), ["random"], ["safetensors"]),
    "llm.bin": (struct.pack("<8f", *range(8)) * 20, ["kind that is not known", "00 00 00 00 00 00 80 3f"], []),
    "model.safetensors.part": (b"\x10\0\0\0\0\0\0\0{", ["not finished", "9 bytes"], ["finish"]),
    "model.crdownload": (b"PK\3\4", ["not finished"], []),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_for_what_it_is(name: str, tmp_path: Path) -> None:
    data, title, remedy = FILES[name]
    (tmp_path / name).write_bytes(data)
    error = diagnose(look(str(tmp_path / name)))
    assert error.title.startswith(f"{name} is ")
    assert "\n" not in error.title + error.text
    assert all(word in error.title for word in title), error.title
    assert all(word in error.text for word in remedy), error.text
    assert len(error.title) < 250


def test_nothing_of_a_pickle_runs_while_it_is_diagnosed(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x02cbuiltins\nopen\nX\x04\0\0\0" + b"/tmp" + b"\x85R.")
    (tmp_path / "worse.pkl").write_bytes(b"cos\nsystem\n(S'touch " + bytes(sentinel) + b"'\ntR.")
    assert "“builtins.open”" in diagnose(look(str(tmp_path / "bad.pkl"))).title
    assert "“os.system”" in diagnose(look(str(tmp_path / "worse.pkl"))).title
    assert not sentinel.exists()


FOLDERS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "nothing": ([], ["an empty folder"], ["download"]),
    "tf": (["saved_model.pb", "variables/variables.index"], ["SavedModel"], []),
    "orbax": (["_CHECKPOINT_METADATA", "d/0"], ["Orbax"], []),
    "package": (["__init__.py", "net.py"], ["Python package"], ["package.module:NAME"]),
    "project": (["train.py", "data.json", "more.json", "README"], ["without weights", "2 .json"], ["train.py:NAME"]),
    "waiting": (["model.safetensors.incomplete"], ["without weights", "1 name in it"], ["not finished"]),
    "onnx": (["model.onnx", "model.onnx_data"], ["an ONNX model (model.onnx)"], ["exported"]),
    "keras": (["model.weights.h5", "metadata.json"], ["a Keras model (model.weights.h5)"], ["safetensors"]),
    "flax": (["flax_model.msgpack"], ["weights of Flax (flax_model.msgpack)"], []),
    "tf1": (["model-10.index", "model-10.data-00000-of-00001"], ["a TensorFlow checkpoint"], []),
    "vino": (["openvino_model.xml", "openvino_model.bin"], ["an OpenVINO network (openvino_model.xml)"], []),
    "nemo": (["a.nemo"], ["a NeMo archive (a.nemo)"], ["tar xf"]),
    "steps": (["10/default/_METADATA", "10/metrics"], ["10/default in it is an Orbax checkpoint"], ["safetensors"]),
    "served": (["1/saved_model.pb", "1/variables/variables.index"], ["1 in it is a TensorFlow SavedModel"], []),
    "data": (["a.txt"], ["without weights"], ["safetensors"]),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_named_for_what_it_is(name: str, tmp_path: Path) -> None:
    names, title, remedy = FOLDERS[name]
    folder = tmp_path / name
    folder.mkdir()
    for each in names:
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_text("x")
    error = diagnose(look(str(folder)))
    assert error.title.startswith(f"{name} is ")
    assert all(word in error.title for word in title), error.title
    assert all(word in error.text for word in remedy), error.text


def test_endings_as_frequent_as_each_other_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for ending in "fdbeac":
        (tmp_path / f"{ending}.{ending}").write_text("x")
    assert "6 names in it: 1 .a, 1 .b, 1 .c" in diagnose(look(str(tmp_path))).title

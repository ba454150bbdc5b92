"""Files of text where weights were expected: pointers to them, pages and messages of a server, settings, code."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from pathlib import PurePath
from typing import Any

from ..formats import HEAD, PathInfo
from ..wording import listed, size_text
from .diagnosis import KINDS, Diagnosis, quoted, read_piece

_JSON_LIMIT = 1_000_000
"""Bytes of JSON that are read, at most."""

_AGAIN = "The download failed: the message says why. Download it again, logged in where that is needed."
_FOLDER = "The weights are another file: open its folder."


def by_text(found: PathInfo) -> Diagnosis | None:
    """Return what a file of text is; None for one that is no text."""
    text = decoded(found.head)
    if text is None:
        return None
    start = text.lstrip()
    for by in (_pointer, _page, _json, _code):
        diagnosis = by(found, start)
        if diagnosis:
            return diagnosis
    if not start:
        return "blank: nothing but spaces and line ends", _AGAIN
    what = _BY_SUFFIX.get(PurePath(found.path.name).suffix.lower(), "a text file")
    first = start.splitlines()[0]
    remedy = _AGAIN if found.size < 300 and "\n" not in start.strip() else KINDS
    return f"{what}, not weights: it starts with {quoted(first)}", remedy


def decoded(head: bytes) -> str | None:
    """Return the head as text; None where it is none: control characters, or no UTF-8 (nor UTF-16 that says so)."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        text = head.decode("utf-16", "replace")
    else:
        try:
            text = getincrementaldecoder("utf-8")().decode(head.removeprefix(BOM_UTF8), final=len(head) < HEAD)
        except UnicodeDecodeError:
            return None
    return None if _NO_TEXT.search(text) else text


_NO_TEXT = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""Control characters that text files do not hold; ESC they may."""

_BY_SUFFIX = {
    ".yaml": "a YAML file",
    ".yml": "a YAML file",
    ".toml": "a TOML file",
    ".md": "a Markdown file",
    ".csv": "a table of text",
    ".tsv": "a table of text",
    ".log": "a log",
    ".prototxt": "a Caffe description",
    ".sh": "a script",
    ".py": "Python source",
}


def _pointer(found: PathInfo, text: str) -> Diagnosis | None:
    if text.startswith("version https://git-lfs.github.com/spec/v1"):
        size = re.search(r"^size (\d{1,18})\s*$", text, re.MULTILINE)
        return (
            "a Git LFS pointer, not the weights",
            f"`git lfs pull` in its folder fetches them{f' ({size_text(int(size[1]))})' if size else ''}.",
        )
    if text.startswith(("/annex/objects/", ".git/annex/objects/")):
        return "a git-annex pointer, not the weights", "`git annex get` fetches them."
    if re.match(r"(md5: .*\n)?outs:\n- ", text):
        return "a DVC pointer, not the weights", "`dvc pull` fetches them."
    if text.startswith("# xet version"):
        return "a Xet pointer, not the weights", "`git xet smudge`, or a download from the Hub, fetches them."
    return None


def _page(found: PathInfo, text: str) -> Diagnosis | None:
    start = text[:500].lower()
    title = re.search(r"<title[^>]*>([^<]{1,300})", text, re.IGNORECASE)
    says = f" ({quoted(title[1])})" if title else ""
    if start.startswith(("<!doctype html", "<html", "<head", "<body", "<script")) or "<html" in start:
        return f"a web page{says}, not weights", _AGAIN.replace("the message", "the page in it")
    if not start.startswith("<?xml") and not re.match(r"<\w+[\s>]", start):
        return None
    if re.search(r"<net [^>]*version=", start):
        return "an OpenVINO network", "Open the weights it was converted from."
    code = re.search(r"<Error>\s*<Code>([^<]{1,100})", text)
    if code:
        return f"an error message of a download ({quoted(code[1])}), not weights", _AGAIN
    return "an XML file, not weights", KINDS


def _code(found: PathInfo, text: str) -> Diagnosis | None:
    if text.startswith("#!"):
        return f"a script ({quoted(text.splitlines()[0])})", KINDS
    if re.search(r"^(import \w|from [\w.]+ import |def \w+\(.*:|class \w+.*:)", text, re.MULTILINE):
        return "Python source, not weights", "Write FILE.py:NAME for a network in it."
    return None


def _json(found: PathInfo, text: str) -> Diagnosis | None:
    if not text.startswith(("{", "[")) or not re.match(r"[{\[]\s*[\"{\[\]}\w-]", text):
        return None
    if found.size > _JSON_LIMIT:
        value: Any = None
    else:
        try:
            value = json.loads(read_piece(found.path, 0, _JSON_LIMIT))
        except (ValueError, RecursionError):
            value = None
    if isinstance(value, dict):
        return _json_object(value)
    what = {True: "a JSON list", False: "JSON, or was"}[isinstance(value, list)]
    if value is None and found.size <= _JSON_LIMIT:
        return "JSON that is broken or cut, not weights", _FOLDER
    return f"{what}, not weights", _FOLDER


def _json_object(value: dict[str, Any]) -> Diagnosis:
    for key in ("error", "message", "detail", "errors"):
        if key in value and len(value) <= 8:
            said = value[key] if isinstance(value[key], str) else json.dumps(value[key], default=str)
            return f"an error message of a download ({quoted(said)}), not weights", _AGAIN
    for keys, what, remedy in _JSON_KINDS:
        if all(key in value for key in keys):
            return what, remedy
    if not value:
        return "an empty JSON object, not weights", _FOLDER
    return f"JSON without weights (it has {listed(list(value))})", _FOLDER


_JSON_KINDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("weight_map",), "an index of shards, not a shard itself", "Open its folder."),
    (("cells", "nbformat"), "a Jupyter notebook", "Save its code as a .py file and write FILE.py:NAME."),
    (("model_type",), "the configuration of a model, without its weights", _FOLDER),
    (("architectures",), "the configuration of a model, without its weights", _FOLDER),
    (("peft_type",), "the configuration of an adapter, without its weights", _FOLDER),
    (("_class_name",), "the configuration of a diffusion model, without its weights", _FOLDER),
    (("added_tokens", "model"), "a tokenizer, without weights", _FOLDER),
    (("modelTopology",), "a TensorFlow.js model", "Open the weights it was converted from."),
    (("learner",), "an XGBoost model, which holds trees and no tensors", KINDS),
)
"""The keys that all are there, what it is, what to do."""

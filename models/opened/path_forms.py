"""The forms to copy that live networks and checkpoints have in common: a tensor's elements, and groups of siblings.

A group's own name, `layers.[0–79]`, is no key.  Must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..messages import PathForm
from ..tensors.notation import TEXT_LIMIT
from ..tensors.readable import Readable
from ..tensors.value_text import value_texts
from ..tree.globs import Glob


def group_forms(above: str, siblings: Sequence[str], keys: Sequence[str], others: Iterable[str]) -> list[PathForm]:
    """Return the forms of a group: a pattern such as `layers.*` for `stats` and `diff --match`, the keys, the paths.

    Args:
        above: the path of the module that holds the siblings.
        siblings: their paths.
        keys: the keys of all tensors in them.
        others: the keys of all other tensors: where the pattern would match one of them too, it is left out.
    """
    pattern = Glob(f"{above}.*" if above else "*")
    fits = all(map(pattern.matches, keys)) and not any(map(pattern.matches, others))
    forms = [path_form("Pattern", pattern.text)] if keys and fits else []
    forms.append(path_form("Keys of its tensors", "\n".join(keys)))
    forms.append(path_form("Paths of its siblings", "\n".join(siblings)))
    return [form for form in forms if form.text]


def value_forms(readable: Readable) -> list[PathForm]:
    """Return the elements of a tensor as texts cut to `TEXT_LIMIT` characters; empty where they cannot be read."""
    texts = value_texts(readable)
    if texts is None:
        return []
    labels = ("Value as Python", "Value as NumPy", "Value as CSV")
    return [path_form(label, text) for label, text in zip(labels, texts, strict=True) if text]


def path_form(label: str, text: str) -> PathForm:
    """Return a form whose text is cut to `TEXT_LIMIT` characters."""
    return PathForm(label=label, text=text[:TEXT_LIMIT], cut=len(text) > TEXT_LIMIT)

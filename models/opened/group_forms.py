"""The forms in which a group of siblings can be copied: its row's own name, `layers.[0–79]`, is nobody's key.

Knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..messages import PathForm
from ..tensors.notation import TEXT_LIMIT
from ..tree.globs import Glob


def group_forms(above: str, siblings: Sequence[str], keys: Sequence[str], others: Iterable[str]) -> list[PathForm]:
    """A pattern such as `layers.*`, as `stats` and `diff --match` take it, then the tensors' keys, a line each.

    Args:
        above: the path of the module that holds the siblings.
        siblings: their paths.
        keys: of all tensors in them.
        others: the keys of all other tensors: where the pattern would mean one of them too, there is none.
    """
    pattern = Glob(f"{above}.*" if above else "*")
    fits = all(map(pattern.matches, keys)) and not any(map(pattern.matches, others))
    forms = [_form("Pattern", pattern.text)] if keys and fits else []
    forms.append(_form("Keys of its tensors", "\n".join(keys)))
    forms.append(_form("Paths of its siblings", "\n".join(siblings)))
    return [form for form in forms if form.text]


def _form(label: str, text: str) -> PathForm:
    return PathForm(label=label, text=text[:TEXT_LIMIT], cut=len(text) > TEXT_LIMIT)

"""The code that a module runs: the source of its class, or the code that PyTorch generated from it."""

from __future__ import annotations

import textwrap
from pathlib import PurePath

from torch import nn
from torch.fx import GraphModule
from torch.jit import ScriptModule

from ...messages import SourceText
from ..registered import registry_of
from .class_source import find_class, own_codes

LINE_LIMIT = 2_000
"""Lines after which a text is cut."""
LINE_LENGTH_LIMIT = 2_000
"""Characters after which a line is cut."""


def source_of(module: nn.Module, path: str = "") -> SourceText:
    """Return the source of the class of `module` with file and lines; where there is no text, `reason` says why.

    A compiled module shows the class that was compiled, a traced or scripted one the code that PyTorch generated.  If
    `forward` is inherited, `forward_line` is None and `reason` names the class it comes from.
    """
    module = original_of(module)
    if isinstance(module, GraphModule | ScriptModule):
        return _generated(module, path)
    kind = class_of(module)
    found = find_class(kind)
    if found is None:
        reason = f"the text of {kind.__qualname__} is not at hand: it was made by code, or its file is gone or changed"
        return SourceText(path=path, class_name=kind.__name__, reason=reason)
    return SourceText(
        path=path, class_name=kind.__name__, text=_bounded("".join(found.lines)), file=found.file,
        first_line=found.first_line, forward_line=found.forward_line, reason=_inherited(kind),
    )  # fmt: skip


def source_files_of(module: nn.Module) -> set[str]:
    """Return the names of the files, without folders, that the code of the class of `module` is in; reads none."""
    codes = own_codes(class_of(original_of(module)))
    return {PurePath(code.co_filename).name for code, _ in codes.values()}


def original_of(module: nn.Module) -> nn.Module:
    """Return the module that `torch.compile` wrapped, or `module` itself."""
    if type(module).__name__ == "OptimizedModule" and type(module).__module__.startswith("torch._dynamo"):
        return module._modules.get("_orig_mod") or module
    return module


def class_of(module: nn.Module) -> type[nn.Module]:
    """Return the class as it was written: parametrizations put a generated subclass in its place."""
    kind = type(module)
    parametrized = registry_of(module, "_modules").get("parametrizations")
    return kind.__bases__[0] if isinstance(parametrized, nn.ModuleDict) and parametrized._modules else kind


def name_of_class(kind: type) -> str:
    """Return the whole name of a class, as it can be imported: ours are loaded under a name of the engine's own."""
    own = __name__.partition(".")[0]
    within, dot, rest = kind.__module__.partition(".")
    return f"{'models' if dot and within == own else within}{dot}{rest}.{kind.__qualname__}"


def _inherited(kind: type[nn.Module]) -> str:
    if "forward" in vars(kind):
        return ""
    for base in kind.__mro__:
        if "forward" in vars(base) and base is not nn.Module:
            return f"forward is inherited from {name_of_class(base)}"
    return "it has no forward"


def _generated(module: GraphModule | ScriptModule, path: str) -> SourceText:
    is_script = isinstance(module, ScriptModule)
    name = str(getattr(module, "original_name", "")) or type(module).__name__
    try:
        text = _bounded(str(module.code).strip("\n") + "\n")
    except Exception as error:  # TorchScript raises errors of its own, and not every module has a forward
        kind = "TorchScript" if is_script else "generated code"
        return SourceText(path=path, class_name=name, reason=f"{kind} without text to show ({type(error).__name__})")
    lines = text.splitlines()
    forward = next((index for index, line in enumerate(lines, 1) if line.startswith("def forward")), None)
    return SourceText(path=path, class_name=name, text=text, forward_line=forward)


def _bounded(text: str) -> str:
    lines = text.removesuffix("\n").split("\n")[:LINE_LIMIT]
    short = (line if len(line) <= LINE_LENGTH_LIMIT else line[: LINE_LENGTH_LIMIT - 1] + "…" for line in lines)
    return textwrap.dedent("\n".join(short) + "\n")

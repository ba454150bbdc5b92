"""The Python that does what a scheme does with the console's `net`; a fresh interpreter gives the same values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from torch import nn

from ..live.live_tree import LiveTree
from ..live.own_container import OwnContainer
from ..live.paths import path_in_holder, python_path
from ..live.registered import modules_in, registry_of
from .scheme import Scheme, by_holder, is_for_some, targets_for
from .scope import Target, class_of_name, modules_of

LINES = 8
"""Parameters up to which each has a line of its own."""
_FILE = re.compile(r"^(?P<file>.+\.py):(?P<name>[A-Za-z_]\w*)$")
_MODULE = re.compile(r"^(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)$")
_RESET = """\
def initialise(module):
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()
    elif hasattr(module, "_reset_parameters"):
        module._reset_parameters()
"""


def code_of(tree: LiveTree, scheme: Scheme) -> str:
    """Return the statements, without imports of torch and `nn` and without what makes `net`."""
    before, function = _own(scheme)
    if not scheme.fills_tensors and is_for_some(tree, scheme):
        before = ["from copy import deepcopy", *before]
    lines = [*before, f"torch.manual_seed({scheme.seed})"] if _draws(scheme) else list(before)
    if scheme.fills_tensors:
        body = list(_fills(tree, scheme, function))
        lines += body if scheme.rule is not None else ["with torch.no_grad():", *_indented(body or ["pass"])]
    else:
        lines += _calls(tree, scheme, function)
    return "\n".join(lines)


def replayed(code: str) -> str:
    """Return the statements so that they leave the random numbers of what follows as they were."""
    return "\n".join(["with torch.random.fork_rng():", *_indented(code.splitlines())])


def _draws(scheme: Scheme) -> bool:
    return scheme.rule is None or scheme.rule.draws


def _own(scheme: Scheme) -> tuple[list[str], str]:
    """Return the lines that make the function of the user's, and what it is called then."""
    if scheme.own is None:
        return [], ""
    text = scheme.own.text
    if found := _FILE.match(text):
        return ["import runpy", f"{found['name']} = runpy.run_path({found['file']!r})[{found['name']!r}]"], found[
            "name"
        ]
    if found := _MODULE.match(text):
        return [f"from {found['module']} import {found['name']}"], found["name"]
    return [], text if text.isidentifier() else f"({text})"


def _indented(lines: Sequence[str], by: int = 1) -> list[str]:
    return [f"{'    ' * by}{line}" if line else line for line in lines]


# -- rules of tensors


def _fills(tree: LiveTree, scheme: Scheme, function: str) -> Iterator[str]:
    targets = targets_for(tree, scheme)
    filled = [target for target in targets if not scheme.why_not(target)]
    if len(filled) > LINES and (loop := _loop(tree, scheme, function, targets)):
        yield from loop
        return
    for target in filled:
        tensor = python_path(tree, target.node)
        yield _fill(scheme, function, f"{tensor}.T" if scheme.turns(target) else tensor, bias=target.role == "bias")


def _fill(scheme: Scheme, function: str, tensor: str, *, bias: bool) -> str:
    if bias and scheme.biases == "zeros":
        return f"nn.init.zeros_({tensor})"
    if scheme.rule is None:
        return f"{function}({tensor})"
    return f"nn.init.{scheme.rule.name}({', '.join([tensor, *scheme.given()])})"


def _loop(tree: LiveTree, scheme: Scheme, function: str, targets: Sequence[Target]) -> list[str]:
    """Return a loop that fills exactly what the scheme does; nothing where there is none."""
    left = [target for target in targets if scheme.why_not(target)]
    usual = [
        target for target in left if target.role == "other" or (target.role == "bias" and scheme.biases == "leave")
    ]
    shared = any(len(target.node.names) > 1 for target in targets)
    if len(left) > len(usual) or shared or isinstance(tree.root, OwnContainer):
        return []
    if any(target.why_not or scheme.turns(target) for target in targets):
        return []
    scope = scheme.scope
    if scope.kind == "class":
        return _loop_of_class(tree, scheme, function)
    if scope.kind == "pattern":
        pattern = re.sub(r"[?[]", r"[\g<0>]", scope.text)  # which are characters like any other in our patterns
        loop = f"for path, parameter in net.named_parameters():\n    if fnmatchcase(path, {pattern!r}):".splitlines()
        body = _branches(scheme, function, targets, "path.rpartition('.')[2]")
        return ["from fnmatch import fnmatchcase", *loop, *_indented(body, 2)]
    node = tree.at(scope.path)
    if node is None or not node.registered:
        return []
    body = _branches(scheme, function, targets, "path.rpartition('.')[2]")
    return [f"for path, parameter in {python_path(tree, node)}.named_parameters():", *_indented(body)]


def _branches(scheme: Scheme, function: str, targets: Sequence[Target], name: str) -> list[str]:
    """Return what is done with `parameter`, by the text that `name` evaluates to."""
    any_dimension = not any(target.role == "other" for target in targets)
    filled = _fill(scheme, function, "parameter", bias=False)
    if not any(target.role == "bias" for target in targets):
        return [filled] if any_dimension else ["if parameter.dim() > 1:", f"    {filled}"]
    bias = "pass" if scheme.biases == "leave" else _fill(scheme, function, "parameter", bias=True)
    otherwise = "else:" if any_dimension else "elif parameter.dim() > 1:"
    return [f"if 'bias' in {name}:", f"    {bias}", otherwise, f"    {filled}"]


def _loop_of_class(tree: LiveTree, scheme: Scheme, function: str) -> list[str]:
    modules = modules_of(tree, scheme.scope.text)
    names: dict[str, bool] = {}
    """The parameters that they hold, each with whether every module has it."""
    for module in modules:
        for name in registry_of(module, "_parameters"):
            names[str(name)] = all(registry_of(each, "_parameters").get(name) is not None for each in modules)
    loop = ["for module in net.modules():", f"    if {_is_of(scheme)}:"]
    if not set(names) <= {"weight", "bias"}:
        targets = targets_for(tree, scheme)
        body = _branches(scheme, function, targets, "name")
        return [*loop, "        for name, parameter in module.named_parameters(recurse=False):", *_indented(body, 3)]
    for name, everywhere in names.items():
        if name == "bias" and scheme.biases == "leave":
            continue
        line = _fill(scheme, function, f"module.{name}", bias=name == "bias")
        loop += [f"        {line}"] if everywhere else [f"        if module.{name} is not None:", f"            {line}"]
    return loop


def _is_of(scheme: Scheme) -> str:
    """Return the condition that `module` is of the scope's class."""
    name = scheme.scope.text
    return f"isinstance(module, nn.{name})" if class_of_name(name) else f"type(module).__name__ == {name!r}"


# -- rules of modules


def _calls(tree: LiveTree, scheme: Scheme, function: str) -> list[str]:
    call = function or "initialise"
    defined = [] if function else [*_RESET.splitlines(), ""]
    if is_for_some(tree, scheme):
        lines = list(defined)
        for group in by_holder(targets_for(tree, scheme)):
            holder = python_path(tree, tree.holder(group[0].node))
            lines += [f"fresh = deepcopy({holder})", f"{call}(fresh)", "with torch.no_grad():"]
            for target in group:
                fresh = path_in_holder(tree, target.node, "fresh")
                lines.append(f"    {python_path(tree, target.node)}.copy_({fresh})")
        return lines
    if scheme.scope.kind == "class":
        if not function and all(
            callable(getattr(each, "reset_parameters", None)) for each in modules_of(tree, scheme.scope.text)
        ):
            defined, lines = [], ["module.reset_parameters()"]
        else:
            lines = [f"{call}(module)"]
        return [*defined, "for module in net.modules():", f"    if {_is_of(scheme)}:", *_indented(lines, 2)]
    node = tree.at(scheme.scope.path)
    if node is None:
        return []
    python = python_path(tree, node)
    item = node.item
    if not function and isinstance(item, nn.Module) and len(modules_in(item)) == 1:
        return [f"{python}.{'reset_parameters' if hasattr(item, 'reset_parameters') else '_reset_parameters'}()"]
    return [*defined, f"{python}.apply({call})"]

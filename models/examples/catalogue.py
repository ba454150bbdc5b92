"""The catalogue of documented networks: facts of each, and how to build one.

Owns: names, sections, notes, statements worth typing, inputs and sizes.  The networks themselves are one file a
section beside this one; they, and torch, are imported only when a network is built.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One documented network."""

    name: str
    """SOURCE of the command line, and key of `EXAMPLES`."""
    section: str
    """Number of the section of the source document."""
    title: str
    note: str
    """Two or three sentences: what to look at."""
    tries: tuple[str, ...]
    """Statements worth typing, in this order."""
    input: str
    """The documented input as a SPEC of the command line, such as `2x20`."""
    parameters: int
    """Elements of all parameters, each shared tensor counted once."""
    modules: int
    """Module rows of the tree: the root included, a shared module once for each of its names."""
    factory: str
    """`file:function`, a file of this folder and its function without arguments."""
    variable: str = "net"
    """What the document calls the network."""
    names: tuple[str, ...] = ()
    """Classes and functions of the factory's file that the document uses by name."""
    parts: dict[str, str] = field(default_factory=dict)
    """Names that the document has for parts of the network, each with the path of the part."""

    def words(self, language: str = "en") -> tuple[str, str]:
        """Return title and note in a language, `en` or `zh`; in English where there is no other."""
        if language == "zh":
            from .chinese import CHINESE

            return CHINESE.get(self.name, (self.title, self.note))
        return self.title, self.note

    @property
    def file(self) -> str:
        """Return the name of the factory's file, without `.py`."""
        return self.factory.partition(":")[0]


_INITIALISERS = ("init_normal", "init_constant", "init_xavier", "init_42", "my_init")

EXAMPLES: dict[str, Example] = {
    example.name: example
    for example in (
        Example(
            name="sequential",
            section="1",
            title="A network as a list of layers",
            note=(
                "Two linear layers with a ReLU between them, called one after the other. The order of the rows is "
                "the order in which they run; ReLU has a row but no parameters."
            ),
            tries=("net", "X = torch.rand(2, 20)", "net(X)", "net[0]", "sum(p.numel() for p in net.parameters())"),
            input="2x20",
            parameters=7_946,
            modules=4,
            factory="layers:build",
        ),
        Example(
            name="mlp",
            section="1.1",
            title="A block of one's own",
            note=(
                "The same computation as a class with its own forward. ReLU is applied there as a function, so it is "
                "no row of the tree: run forward and it appears among the calls."
            ),
            tries=("MLP()", "net(torch.rand(2, 20))", "net.hidden.weight.shape", "net.out.bias"),
            input="2x20",
            parameters=7_946,
            modules=3,
            factory="custom_block:MLP",
            names=("MLP",),
        ),
        Example(
            name="my_sequential",
            section="1.2",
            title="A container of one's own",
            note=(
                'A container that registers what it is given as "0", "1", … and calls it in that order, which is '
                "all that nn.Sequential does. Being registered is what gives the layers their rows and their keys."
            ),
            tries=(
                "net",
                "list(net.state_dict())",
                "net(torch.rand(2, 20)).shape",
                "MySequential(nn.Linear(20, 5), nn.Tanh())",
            ),
            input="2x20",
            parameters=7_946,
            modules=4,
            factory="sequential_block:build",
            names=("MySequential",),
        ),
        Example(
            name="fixed_hidden_mlp",
            section="1.3",
            title="Code in the forward pass",
            note=(
                "One linear layer is called twice, a constant that is no parameter is multiplied in between, and a "
                "loop halves the result until the sum of its magnitudes is at most 1. The document prints a forward "
                "that reads X before it is set and so raises UnboundLocalError; the network here is as its text "
                "describes it."
            ),
            tries=(
                "net(torch.rand(2, 20))",
                "[name for name, _ in net.named_parameters()]",
                "net.rand_weight.requires_grad",
                "net(torch.rand(2, 20)).backward()",
                "net.rand_weight.grad is None",
                "FixedHiddenMLP()",
            ),
            input="2x20",
            parameters=420,
            modules=2,
            factory="forward_code:FixedHiddenMLP",
            names=("FixedHiddenMLP",),
        ),
        Example(
            name="parameter_access",
            section="2.1",
            title="Reaching the parameters",
            note=(
                "A parameter is a compound object: a value, a gradient and more. The last layer's bias can be had by "
                "index, by name and by key; its gradient is None, not zero, until the first backward pass."
            ),
            tries=(
                "net[2].state_dict()",
                "type(net[2].bias)",
                "net[2].bias",
                "net[2].bias.data",
                "net[2].weight.grad == None",
                "[(name, p.shape) for name, p in net[0].named_parameters()]",
                "[(name, p.shape) for name, p in net.named_parameters()]",
                "net.state_dict()['2.bias']",
            ),
            input="2x4",
            parameters=49,
            modules=4,
            factory="parameter_access:build",
        ),
        Example(
            name="rgnet",
            section="2.1.3",
            title="Parameters of nested blocks",
            note=(
                "Blocks in a block in a network, reached like nested lists: rgnet[0][1][0].bias is the key "
                "`0.block 1.0.bias`. Both rows of the input come out nearly alike; look at the values on the way to "
                "see where the difference between them is lost."
            ),
            tries=(
                "print(rgnet)",
                "rgnet(X)",
                "rgnet[0][1][0].bias.data",
                "rgnet.state_dict()['0.block 1.0.bias']",
                "rgnet[0][0](X)",
                "rgnet[0](X)",
                "block1()",
            ),
            input="2x4",
            parameters=309,
            modules=23,
            factory="nested_blocks:build",
            variable="rgnet",
            names=("block1", "block2"),
        ),
        Example(
            name="initialized",
            section="2.2",
            title="Initialisers, ready-made and own",
            note=(
                "Every initialiser of the section was applied in turn and the last one stands: weights uniform in "
                "-10 to 10 with magnitudes under 5 set to 0, biases zero. Apply another from the console and watch "
                "the values change; left alone, a linear layer draws from ±1/√in_features."
            ),
            tries=(
                "net[0].weight",
                "net.apply(init_normal)[0].weight.std()",
                "net.apply(init_constant)[0].weight.unique()",
                "net[0].apply(init_xavier).weight.abs().max()",
                "net[2].apply(init_42).weight",
                "net.apply(my_init)[0].weight",
            ),
            input="2x4",
            parameters=49,
            modules=4,
            factory="initialization:build",
            names=_INITIALISERS,
        ),
        Example(
            name="shared",
            section="2",
            title="One layer under two names",
            note=(
                "The layers `2` and `4` are one object: change one and the other has changed, and the gradients of "
                "both uses add up in one place. Its 72 parameters count once."
            ),
            tries=(
                "net[2] is net[4]",
                "net[2].weight.data[0, 0] = 100",
                "net[4].weight.data[0, 0]",
                "sum(p.numel() for p in net.parameters())",
                "list(net.state_dict())",
            ),
            input="2x4",
            parameters=121,
            modules=8,
            factory="sharing:build",
            parts={"shared": "2"},
        ),
    )
}
"""The documented networks by name, in the order in which the start screen lists them."""


def build_example(name: str) -> nn.Module:
    """Build the network `name` anew, drawing its weights from torch's generator.

    Raises:
        KeyError: there is no documented network of that name.
    """
    example = EXAMPLES[name]
    factory = getattr(_file_of(example), example.factory.partition(":")[2])
    net: nn.Module = factory()
    return net


def example_names(name: str, net: nn.Module) -> dict[str, object]:
    """Return what the console defines besides `net`, the network `build_example(name)`: by name, classes and parts.

    Raises:
        KeyError: there is no documented network of that name.
    """
    example = EXAMPLES[name]
    names: dict[str, object] = {name: getattr(_file_of(example), name) for name in example.names}
    names.update((name, net.get_submodule(path)) for name, path in example.parts.items())
    return names


def _file_of(example: Example) -> ModuleType:
    return import_module(f".{example.file}", __package__)

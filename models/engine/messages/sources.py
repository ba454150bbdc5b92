"""Opening: the catalogue, a source, what was opened."""

from __future__ import annotations

from .base import Body, Record


class Hello(Body):
    """First request of a connection; answered by `Greeting`."""

    protocol: int


class Greeting(Body):
    protocol: int
    version: str
    """modulescope's, on the engine's side."""
    python: str
    executable: str
    host: str
    pid: int


class ListExamples(Body):
    """The catalogue of documented networks; answered by `Examples` without importing torch."""


class ExampleItem(Record):
    name: str
    section: str
    """Number of the section of the source document, such as `2.1.3`."""
    title: str
    note: str
    """What to look at."""
    tries: list[str]
    """Statements worth typing into the console."""
    input: str
    """The documented input, as `torch.rand(2, 4)` would be written."""
    parameters: int
    modules: int


class Examples(Body):
    items: list[ExampleItem]


class OpenSource(Body):
    """Open SOURCE in place of whatever is open; answered by `Opened`.  Runs in the engine's main thread."""

    source: str
    inputs: list[str] = []
    inputs_from: str | None = None
    """`FILE.py:NAME` of a function that returns the inputs."""
    seed: int | None = None
    device: str | None = None
    unfold_to: int = 0
    """Unfold breadth first while the tree has at most this many rows."""
    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    unfolded: dict[str, bool] = {}
    """Folds that a person chose before the engine was restarted: path to whether it is unfolded."""


class Summary(Record):
    """What the header line tells; also sent with every `StateChanged`."""

    source: str
    name: str
    """The network's own name in the console, such as `rgnet`."""
    kind: str
    """`module` or `checkpoint`."""
    class_name: str
    """Of a checkpoint, what it is: `safetensors file`."""
    parameters: int
    """Elements, each shared tensor counted once."""
    trainable: int
    bytes: int
    """Of all tensors, buffers and constants too, each shared one once."""
    dtype: str
    """`float32`, or several joined by `+`, most bytes first; empty without tensors."""
    device: str
    mode: str
    """`train`, `eval`, or `mixed`; empty for a checkpoint."""
    rows: int
    """Rows of the whole tree, folded ones included."""
    modules: int
    input: str
    """The input that `f` uses, in one line."""
    guessed: bool = False
    """The input is a guess from the first layers."""
    note: str = ""
    tries: list[str] = []
    warnings: list[str] = []
    file: str | None = None
    """The person's file it came from."""


class Opened(Body):
    summary: Summary


class CloseSource(Body):
    """Forget the model; answered by `Done`."""


class Done(Body):
    """Plain success, with a sentence for the person where there is one to say."""

    text: str = ""

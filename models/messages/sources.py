"""Opening: the catalogue, a source, what was opened."""

from __future__ import annotations

from .base import Body, Record
from .limits import Count, Element, Folds, Names, Page, Parts, Signed, Text


class Hello(Body):
    """First request of a connection; answered by `Greeting`."""

    protocol: Count


class Greeting(Body):
    protocol: Count
    version: Text
    """modulescope's, on the engine's side."""
    python: Text
    executable: Text
    host: Text
    pid: Count


class ListExamples(Body):
    """The catalogue of documented networks; answered by `Examples` without importing torch."""


class ExampleItem(Record):
    name: Text
    section: Text
    """Number of the section of the source document, such as `2.1.3`."""
    title: Text
    note: Text
    """What to look at."""
    tries: Parts[Text]
    """Statements worth typing into the console."""
    input: Text
    """The documented input, as `torch.rand(2, 4)` would be written."""
    parameters: Count
    modules: Count


class Examples(Body):
    items: Page[ExampleItem]


class OpenSource(Body):
    """Open SOURCE in place of whatever is open; answered by `Opened`.  Runs in the engine's main thread."""

    source: Text
    inputs: Names = []
    inputs_from: Text | None = None
    """`FILE.py:NAME` of a function that returns the inputs."""
    seed: Element | None = None
    device: Text | None = None
    unfold_to: Signed = 0
    """Unfold breadth first while the tree has at most this many rows."""
    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    unfolded: Folds = {}
    """Folds that a user chose before the engine was restarted: path to whether it is unfolded."""


class Summary(Record):
    """What the header line tells; also sent with every `StateChanged`."""

    source: Text
    name: Text
    """The network's own name in the console, such as `rgnet`."""
    kind: Text
    """`module` or `checkpoint`."""
    class_name: Text
    """Of a checkpoint, what it is: `safetensors file`."""
    parameters: Count
    """Elements, each shared tensor counted once."""
    trainable: Count
    bytes: Count
    """Of all tensors, buffers and constants too, each shared one once."""
    dtype: Text
    """`float32`, or several joined by `+`, most bytes first; empty without tensors."""
    device: Text
    mode: Text
    """`train`, `eval`, or `mixed`; empty for a checkpoint."""
    rows: Count
    """Rows of the whole tree, folded ones included."""
    modules: Count
    input: Text
    """The input that `f` uses, in one line."""
    guessed: bool = False
    """The input is a guess from the first layers."""
    note: Text = ""
    tries: Parts[Text] = []
    warnings: Parts[Text] = []
    file: Text | None = None
    """The user's file it came from."""


class Opened(Body):
    summary: Summary


class CloseSource(Body):
    """Forget the model; answered by `Done`."""


class Done(Body):
    """Plain success, with a sentence for the user where there is one to say."""

    text: Text = ""

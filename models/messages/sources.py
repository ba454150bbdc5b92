"""The greeting, the catalogue of documented networks, opening and closing a source."""

from __future__ import annotations

from .base import Body, BodyPart
from .limits import Count, Element, Folds, Names, Page, Parts, Signed, Text
from .run_mode import RunMode


class Hello(Body):
    """Greet the engine, as the first request of a connection; answered by `Greeting`."""

    protocol: Count
    """`PROTOCOL` of the interface."""


class Greeting(Body):
    """Who the engine is."""

    protocol: Count
    """`PROTOCOL` of the engine."""
    version: Text
    """modulescope's version on the engine's side."""
    python: Text
    """Python's version there, such as `3.11.4`."""
    executable: Text
    """Path of that Python."""
    host: Text
    pid: Count


class ListExamples(Body):
    """List the documented networks; answered by `Examples` without importing torch."""

    language: Text = "en"
    """Of titles and notes: `en` or `zh`."""


class ExampleItem(BodyPart):
    """One documented network of the catalogue."""

    name: Text
    section: Text
    """Number of the section of the source document, such as `2.1.3`."""
    title: Text
    note: Text
    """Two or three sentences: what to look at."""
    tries: Parts[Text]
    """Statements worth typing into the console."""
    input: Text
    """The documented input, as `torch.rand(2, 4)` would be written."""
    parameters: Count
    """Elements of all parameters, each shared tensor once."""
    modules: Count
    """Module rows of the tree, the root included."""


class Examples(Body):
    """The catalogue of documented networks."""

    items: Page[ExampleItem]


class OpenSource(Body):
    """Open a source in place of whatever is open, in the engine's main thread; answered by `SourceOpened`."""

    source: Text
    """SOURCE, as on the command line."""
    inputs: Names = []
    """SPECs of the input, such as `2x20`; empty for a guess."""
    inputs_from: Text | None = None
    """`FILE.py:NAME` of a function that returns the inputs; None for none."""
    seed: Element | None = None
    """Seed of torch's generators before the network is built; None leaves them."""
    device: Text | None = None
    """Device to move the network to; None leaves it."""
    unfold_to: Signed = 0
    """Visible rows up to which the tree is unfolded, breadth first."""
    trust: bool = False
    """Whether a file that can only be read by running code within it may be read so."""
    unfolded: Folds = {}
    """Folds that the user chose before the engine was restarted."""
    anew: bool = False
    """Whether to open it as a new process would, in this one: what is imported of torch and other packages stays."""
    language: Text = "en"
    """Of the note on a documented network: `en` or `zh`."""
    weights: Text | None = None
    """A checkpoint to load into the network, with the renames that are certain; None for none."""
    mode: RunMode = RunMode()
    """What is switched for the time of a forward."""


class Summary(BodyPart):
    """What the header line shows of the open model; also sent with every `StateChanged`."""

    source: Text
    """SOURCE, as it was given."""
    name: Text
    """The network's own name in the console, such as `rgnet`."""
    kind: Text
    """`module` or `checkpoint`."""
    class_name: Text
    """Class of the network, or kind of the checkpoint, such as `safetensors file`."""
    parameters: Count
    """Elements of all parameters, each shared tensor once."""
    trainable: Count
    """Those elements of them with `requires_grad`."""
    bytes: Count
    """Bytes of all tensors, buffers and constants included, each shared one once."""
    dtype: Text
    """`float32`, or several joined by `+`, most bytes first; empty without tensors."""
    device: Text
    mode: Text
    """`train`, `eval`, or `mixed`; empty for a checkpoint."""
    rows: Count
    """Rows of the whole tree, folded ones included."""
    modules: Count
    """Module rows of the tree."""
    input: Text
    """The input of a forward run, in one line; empty for none."""
    guessed: bool = False
    """Whether the input is a guess from the first layers."""
    call: Text = ""
    """How the console calls the network with its input: `net(X)`, `net(**inputs)`; empty of a checkpoint."""
    run_mode: RunMode = RunMode()
    """What is switched for the time of a forward."""
    rebound: bool = False
    """Whether the network is another one than was opened: the console's `net` was bound to it."""
    note: Text = ""
    """What to look at, of a documented network."""
    tries: Parts[Text] = []
    """Statements worth typing into the console."""
    warnings: Parts[Text] = []
    """One line each."""
    file: Text | None = None
    """The user's file that it came from; None for none."""
    unloaded: bool = False
    """Whether it is a whole network that was only read: `--trust` loads it, and then it runs."""


class SourceOpened(Body, tag="Opened"):
    """The source is open."""

    summary: Summary
    names_kept: Names = []
    """Names of the console that survived opening it anew."""
    names_gone: Names = []
    """Those that did not."""
    weights: Text = ""
    """What was loaded of the weights that were asked for, or why nothing was, in one line."""


class ChangedFiles(Body):
    """Ask which files of the open source have changed since it was opened; answered by `FilesChanged`."""


class FilesChanged(Body):
    """Which files of the open source are others than when it was opened."""

    files: Names = []
    """Their paths, those that are gone included."""
    version: Count = 0
    """Counts the looks at which they were others than at the look before."""
    settled: bool = True
    """Whether they are as they were at the last look: nobody is writing them."""


class CloseSource(Body):
    """Close the open model and forget it; answered by `Done`."""


class Done(Body):
    """Success without a result."""

    text: Text = ""
    """A sentence for the user; empty for none."""

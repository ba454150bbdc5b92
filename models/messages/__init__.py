"""The messages of the wall: small typed structs, decoded by msgspec, never pickle.

One file an idea; a new message is a struct in its file and its name in one of the two unions below.  A request's
docstring names the reply that answers it.
"""

from __future__ import annotations

from .about import Describe, Description, Fact, FactGroup, Forms, PathForm, PathForms, SourceCode, SourceText
from .base import PROTOCOL, Body, Cancel, Event, Failure, FromEngine, FromInterface, Problem, Progress, Reply, Request
from .events import Busy, CallsGrew, OutputText, StateChanged
from .nonfinite import NextNonfinite, Nonfinite
from .runs import (
    Backward,
    CallPage,
    CallRow,
    CallRows,
    Complete,
    CompletionItem,
    Completions,
    Execute,
    Executed,
    Forward,
    Interrupt,
    Ran,
    Undo,
    ZeroGradients,
)
from .sources import (
    CloseSource,
    Done,
    ExampleItem,
    Examples,
    Greeting,
    Hello,
    ListExamples,
    Opened,
    OpenSource,
    Summary,
)
from .tree import (
    Brief,
    Fold,
    Locate,
    NextHit,
    NodeKind,
    Search,
    SearchHit,
    SearchHits,
    TensorOrder,
    TensorPage,
    TensorRow,
    TensorRows,
    TreePage,
    TreePlace,
    TreeRow,
    TreeRows,
)
from .values import (
    Absence,
    Cells,
    GradientPage,
    GradientRow,
    GradientRows,
    HeatCells,
    HeatMap,
    Of,
    Statistics,
    StatisticsOf,
    StatisticsOfAll,
    Window,
)

RequestBody = (
    Hello | ListExamples | OpenSource | CloseSource
    | TreeRows | Fold | Locate | Search | NextHit | TensorRows
    | Window | HeatMap | Statistics | StatisticsOfAll | GradientRows | NextNonfinite
    | Describe | SourceCode | PathForms
    | Execute | Forward | Backward | ZeroGradients | Undo | CallRows | Complete | Interrupt
)  # fmt: skip
AnswerBody = (
    Greeting | Examples | Opened | Done
    | TreePage | TreePlace | SearchHits | TensorPage
    | Cells | HeatCells | StatisticsOf | GradientPage | Nonfinite
    | Description | SourceText | Forms
    | Executed | Ran | CallPage | Completions
)  # fmt: skip
EventBody = OutputText | StateChanged | CallsGrew | Busy

__all__ = [
    "PROTOCOL", "Absence", "AnswerBody", "Backward", "Body", "Brief", "Busy", "CallPage", "CallRow", "CallRows",
    "CallsGrew", "Cancel", "Cells", "CloseSource", "Complete", "CompletionItem", "Completions", "Describe",
    "Description", "Done", "Event", "EventBody", "ExampleItem", "Examples", "Execute", "Executed", "Fact",
    "FactGroup", "Failure", "Fold", "Forms", "Forward", "FromEngine", "FromInterface", "GradientPage", "GradientRow",
    "GradientRows", "Greeting", "HeatCells", "HeatMap", "Hello", "Interrupt", "ListExamples", "Locate", "NextHit",
    "NextNonfinite", "NodeKind", "Nonfinite", "Of", "OpenSource", "Opened", "OutputText", "PathForm", "PathForms",
    "Problem", "Progress", "Ran", "Reply", "Request", "RequestBody", "Search", "SearchHit", "SearchHits",
    "SourceCode", "SourceText", "StateChanged", "Statistics", "StatisticsOf", "StatisticsOfAll", "Summary",
    "TensorOrder", "TensorPage", "TensorRow", "TensorRows", "TreePage", "TreePlace", "TreeRow", "TreeRows", "Undo",
    "Window", "ZeroGradients",
]  # fmt: skip

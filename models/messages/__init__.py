"""The messages of the wall: small typed structs, decoded by msgspec, never pickle.

One file an idea; a new message is a struct in its file and its name in one of the three unions below.  A request's
docstring names the reply that answers it.
"""

from __future__ import annotations

from .about import Describe, Description, Fact, FactGroup, Forms, PathForm, PathForms, SourceCode, SourceText
from .base import (
    PROTOCOL,
    Body,
    Cancel,
    Choice,
    Event,
    Failure,
    FromEngine,
    FromInterface,
    Problem,
    Progress,
    Reply,
    Request,
)
from .events import Busy, CallsGrew, OutputText, StateChanged
from .exporting import Export, Exported, ExportForm
from .findings import Finding, FoundFindings, ReadFindings
from .nonfinite import NextNonfinite, Nonfinite
from .places import CallTensor, Place
from .runs import (
    Backward,
    CallBackward,
    CallOrder,
    CallPage,
    CallPlace,
    CallRanges,
    CallRow,
    CallRows,
    CallStatistics,
    Complete,
    CompletionItem,
    Completions,
    Execute,
    Executed,
    FindCall,
    Forward,
    FoundCall,
    InputField,
    InputFields,
    InputsSet,
    Interrupt,
    KeepCall,
    NextCall,
    NextCallHit,
    Ran,
    Ranged,
    ReadInputs,
    RunTotals,
    SetInputs,
    Undo,
    ZeroGradients,
)
from .sources import (
    ChangedFiles,
    CloseSource,
    Done,
    ExampleItem,
    Examples,
    FilesChanged,
    Greeting,
    Hello,
    ListExamples,
    OpenSource,
    SourceOpened,
    Summary,
)
from .suggestions import SourceItem, SuggestedSources, SuggestSources
from .tree import (
    Brief,
    Fold,
    Locate,
    ModuleRun,
    NextHit,
    NodeKind,
    Search,
    SearchHit,
    SearchHits,
    SortTree,
    TensorOrder,
    TensorPage,
    TensorRow,
    TensorRows,
    TreeOrder,
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
    LayerGradient,
    Of,
    Statistics,
    StatisticsOf,
    StatisticsOfAll,
    Window,
)

RequestBody = (
    Hello | ListExamples | SuggestSources | ChangedFiles | OpenSource | CloseSource
    | TreeRows | Fold | Locate | SortTree | Search | NextHit | TensorRows
    | Window | HeatMap | Statistics | StatisticsOfAll | GradientRows | NextNonfinite
    | Describe | SourceCode | PathForms
    | Execute | Forward | ReadInputs | SetInputs | Backward | ZeroGradients | Undo | KeepCall | CallRows
    | FindCall | NextCall | NextCallHit | Complete
    | ReadFindings | Export | Interrupt
)  # fmt: skip
"""Every request."""
AnswerBody = (
    Greeting | Examples | SuggestedSources | FilesChanged | SourceOpened | Done
    | TreePage | TreePlace | SearchHits | TensorPage
    | Cells | HeatCells | StatisticsOf | GradientPage | Nonfinite
    | Description | SourceText | Forms
    | FoundFindings | Exported | Executed | Ran | InputFields | InputsSet | CallPage | CallPlace
    | FoundCall | Completions
)  # fmt: skip
"""Every answer to a request."""
EventBody = OutputText | StateChanged | CallsGrew | Busy
"""Every event."""

__all__ = [
    "PROTOCOL",
    "Absence",
    "AnswerBody",
    "Backward",
    "Body",
    "Brief",
    "Busy",
    "CallBackward",
    "CallOrder",
    "CallPage",
    "CallPlace",
    "CallRanges",
    "CallRow",
    "CallRows",
    "CallStatistics",
    "CallTensor",
    "CallsGrew",
    "Cancel",
    "Cells",
    "ChangedFiles",
    "Choice",
    "CloseSource",
    "Complete",
    "CompletionItem",
    "Completions",
    "Describe",
    "Description",
    "Done",
    "Event",
    "EventBody",
    "ExampleItem",
    "Examples",
    "Execute",
    "Executed",
    "Export",
    "ExportForm",
    "Exported",
    "Fact",
    "FactGroup",
    "Failure",
    "FilesChanged",
    "FindCall",
    "Finding",
    "Fold",
    "Forms",
    "Forward",
    "FoundCall",
    "FoundFindings",
    "FromEngine",
    "FromInterface",
    "GradientPage",
    "GradientRow",
    "GradientRows",
    "Greeting",
    "HeatCells",
    "HeatMap",
    "Hello",
    "InputField",
    "InputFields",
    "InputsSet",
    "Interrupt",
    "KeepCall",
    "LayerGradient",
    "ListExamples",
    "Locate",
    "ModuleRun",
    "NextCall",
    "NextCallHit",
    "NextHit",
    "NextNonfinite",
    "NodeKind",
    "Nonfinite",
    "Of",
    "OpenSource",
    "OutputText",
    "PathForm",
    "PathForms",
    "Place",
    "Problem",
    "Progress",
    "Ran",
    "Ranged",
    "ReadFindings",
    "ReadInputs",
    "Reply",
    "Request",
    "RequestBody",
    "RunTotals",
    "Search",
    "SearchHit",
    "SearchHits",
    "SetInputs",
    "SortTree",
    "SourceCode",
    "SourceItem",
    "SourceOpened",
    "SourceText",
    "StateChanged",
    "Statistics",
    "StatisticsOf",
    "StatisticsOfAll",
    "SuggestSources",
    "SuggestedSources",
    "Summary",
    "TensorOrder",
    "TensorPage",
    "TensorRow",
    "TensorRows",
    "TreeOrder",
    "TreePage",
    "TreePlace",
    "TreeRow",
    "TreeRows",
    "Undo",
    "Window",
    "ZeroGradients",
]

"""One request of every kind that is answered beside running code, for tests that ask them all.

A new request goes into `every_request`, or into `MAIN_LANE` where it waits for running code or ends it.
"""

from __future__ import annotations

from typing import Any, get_args

from models import messages as m

AT_ONCE = 3
"""Requests on their way at a time."""

NO_RUN = frozenset(
    (
        "The calls of run 1 are no longer kept",
        "Nothing has run yet",
        "No checkpoint is open beside the network",
        "Nothing is compared",
        "Nothing is compared here",
        "No runs are compared",
        "Something else is looked at by now",
    )
)
"""Titles of the problems that requests meet where nothing ran, and nothing is open beside the network or compared."""
MAIN_LANE = (
    m.Hello, m.OpenSource, m.CloseSource, m.Execute, m.Forward, m.SetInputs, m.Backward, m.ZeroGradients, m.Undo,
    m.KeepCall, m.UseSnapshot, m.TakeSteps, m.OpenWeights, m.LoadWeights, m.PlanSave, m.SaveTensors,
    m.PreviewInitialiser, m.MeasureSignal, m.ApplyInitialiser, m.Interrupt,
    m.Compare, m.TakeSnapshot, m.RunBeside,
)  # fmt: skip
"""What waits for running code, or ends it."""


def every_request(tensors: list[str], shape: int = 2) -> list[tuple[m.Body, type[m.Body]]]:
    """Requests with the kind of their answers, of values and gradients; fails when a kind has none here.

    Args:
        tensors: paths of parameters.
    """
    some: list[tuple[m.Body, Any]] = [
        (m.ListExamples(), m.Examples),
        (m.SuggestSources(), m.SuggestedSources),
        (m.ChangedFiles(), m.FilesChanged),
        (m.ReadInputs(), m.InputFields),
        (m.SuggestSources(text="./"), m.SuggestedSources),
        (m.TreeRows(start=0, count=100), m.TreePage),
        (m.Fold(path="", how="all"), m.TreePlace),
        (m.Locate(path=tensors[0]), m.TreePlace),
        (m.SortTree(order="seconds", path=""), m.TreePlace),
        (m.Search(query="weight"), m.SearchHits),
        (m.NextHit(query="weight", path="", step=1), m.TreePlace),
        (m.TensorRows(path="", start=0, count=100), m.TensorPage),
        (m.TensorRows(path="", start=0, count=100, order="l2", query="nan:0"), m.TensorPage),
        (m.StatisticsOfAll(path=""), m.Done),
        (m.GradientRows(path="", start=0, count=100), m.GradientPage),
        (m.ReadFindings(), m.FoundFindings),
        (m.ReadInitialisers(path=""), m.Initialisers),
        (m.ReadDifferences(), m.Done),
        (m.EndComparison(), m.Done),
        (m.ListSnapshots(), m.Snapshots),
        (m.ListRuns(), m.RunList),
        (m.KeepRun(run=1, name="first"), m.Done),
        (m.CompareRuns(a=1, b=1), m.RunsCompared),
        (m.ReadCallDifferences(), m.CallDifferencesRead),
        (m.CallRows(run=1, start=0, count=10, against=1), m.CallPage),
        (m.EndRunComparison(), m.Done),
        (m.PlanEdit(path=tensors[0], kind="elements", where="...", what="0"), m.EditPlan),
        (m.PlanEdit(path="", kind="freeze"), m.EditPlan),
        (m.Export(form="markdown"), m.Exported),
        (m.Export(form="session"), m.Exported),
        (m.ReadSharing(), m.SharingFound),
        (m.ReadSharing(values=True), m.SharingFound),
        (m.FitWeights(choice=m.FitChoice()), m.Fitted),
        (m.WeightsCode(choice=m.FitChoice()), m.Exported),
        (m.CallRows(run=1, start=0, count=10), m.CallPage),
        (m.NextCall(run=1, path=""), m.CallPlace),
        (m.FindCall(run=1, index=0), m.FoundCall),
        (m.NextCallHit(run=1, query="op:relu"), m.CallPlace),
        (m.SourceCode(path=""), m.SourceText),
        (m.Describe(path=""), m.Description),
    ]
    places: list[m.Place] = [*tensors, m.CallTensor(run=1, call=1), m.CallTensor(run=1, call=1, side="input")]
    for path in places:
        for of in get_args(m.Of):
            some += [
                (m.Window(path=path, of=of), m.Cells),
                (m.HeatMap(path=path, of=of, height=3, width=3), m.HeatCells),
                (m.Statistics(path=path, of=of), m.StatisticsOf),
                (m.Statistics(path=path, of=of, exact=True), m.StatisticsOf),
                (m.NextNonfinite(path=path, of=of), m.Nonfinite),
            ]
        some += [(m.Describe(path=path), m.Description)]
        if isinstance(path, str):
            some.append((m.PathForms(path=path), m.Forms))
    for text in ("net[0].weight.grad.", "x = net[0].weight\nx.grad.", "torch.nn.Lin", "net.get_parameter('"):
        some.append((m.Complete(text=text, cursor=len(text)), m.Completions))
    asked = {type(body) for body, _ in some}
    assert asked | set(MAIN_LANE) == set(get_args(m.RequestBody)), "a request of the wall is missing here"
    return some

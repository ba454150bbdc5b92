"""An engine without torch for tests of the interface: it answers the real messages from a small description of a tree.

`FakeEngine(rgnet())` answers like the real one does for the documented network; `engine.request` is an `Ask`.
A test may look at `asked` and `cancelled`, hold answers back with `hold`, make a kind of request fail with `problems`,
answer a kind by itself with `answers`, or let the engine be `gone`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fake_calls import FakeCalls
from fake_comparing import FakeComparing
from fake_comparing_runs import FakeComparingRuns
from fake_lab import FakeLab
from fake_networks import Spec, rgnet
from fake_saving import FakeSaving
from fake_sharing import FakeSharing
from fake_table import FakeTable
from fake_tree import FakeTree
from fake_values import FakeValues
from fake_weights import FakeWeights

from models.messages import (
    Body,
    CallDifference,
    CallPlace,
    CallRow,
    CallTensor,
    ChangedFiles,
    Complete,
    Completions,
    Describe,
    Description,
    Done,
    EditPlan,
    Execute,
    Executed,
    Export,
    Exported,
    Fact,
    FactGroup,
    FilesChanged,
    Forms,
    Forward,
    FoundFindings,
    InitialState,
    InputField,
    InputFields,
    InputsSet,
    KeepCall,
    NextCall,
    PathForm,
    PathForms,
    Place,
    PlanEdit,
    Problem,
    Progress,
    Ran,
    ReadFindings,
    ReadInputs,
    RunMode,
    SetInputs,
    SnapshotItem,
    SourceCode,
    SourceItem,
    SourceText,
    SuggestedSources,
    SuggestSources,
    UseSnapshot,
)
from models.messages.errors import EngineGone, EngineProblem


class FakeEngine(
    FakeTree,
    FakeTable,
    FakeCalls,
    FakeValues,
    FakeSaving,
    FakeSharing,
    FakeWeights,
    FakeLab,
    FakeComparing,
    FakeComparingRuns,
):
    """Answers from `spec`."""

    def __init__(self, spec: Spec | None = None, name: str = "rgnet") -> None:
        self.asked: list[Body] = []
        self.cancelled: list[Body] = []
        self.gone = False
        self.problems: dict[type[Body], Problem] = {}
        self.answers: dict[type[Body], Callable[[Any], Body]] = {}
        self.numbers: dict[Place, list[float]] = {}
        """Values of a tensor, when not the made-up ones."""
        self.found = FoundFindings(findings=[], looked_at="23 modules, 16 tensors, no run yet")
        """What is remarkable."""
        self.files_changed = FilesChanged()
        """Which files of what is open changed."""
        field = InputField(name="X", required=True, text="2x4", present="float32[2, 4]")
        self.inputs = InputFields(origin="the documented ones", fields=[field])
        """The inputs of the next forward."""
        self.suggested: list[SourceItem] = []
        """What lies in the working folder."""
        self.initial: dict[str, InitialState] = {}
        """What is known of where values come from, by path."""
        self.gradients: dict[Place, list[float]] = {}
        self.others: dict[Place, list[float]] = {}
        self.snapshots = [SnapshotItem(name="", detail="before anything ran")]
        self.taken: set[str] = set()
        self.places: dict[str, str] = {}
        self.runs: dict[int, list[CallRow]] = {}
        self.complete: set[int] = set()
        self.call_differences: dict[int, CallDifference] = {}
        self.run_names: dict[int, str] = {}
        self.beside: dict[int, str] = {}
        self.steps: dict[type[Body], list[str]] = {}
        """What is reported of the progress of a kind of request, before it is held or answered."""
        self._gates: dict[type[Body], asyncio.Event] = {}
        self.replace(spec or rgnet(), name)

    def hold(self, kind: type[Body]) -> asyncio.Event:
        """Answers to `kind` wait until the returned event is set."""
        return self._gates.setdefault(kind, asyncio.Event())

    @property
    def holds(self) -> bool:
        """Whether answers of some kind have to wait."""
        return any(not gate.is_set() for gate in self._gates.values())

    def count(self, kind: type[Body]) -> int:
        """How many requests of `kind` came."""
        return sum(type(body) is kind for body in self.asked)

    def die(self) -> None:
        """Be gone, and let whoever waits for an answer know it."""
        self.gone = True
        for gate in self._gates.values():
            gate.set()
        self._gates.clear()

    async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        """An `Ask`."""
        self.asked.append(body)
        try:
            await asyncio.sleep(0)
            for text in self.steps.get(type(body), []) if on_progress else []:
                on_progress(Progress(id=0, text=text))
            if gate := self._gates.get(type(body)):
                await gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(body)
            raise
        if self.gone:
            raise EngineGone("engine ended with exit status 1")
        if problem := self.problems.get(type(body)):
            raise EngineProblem(problem)
        handler = self.answers.get(type(body)) or getattr(self, f"_on_{type(body).__name__}")
        reply = handler(body)
        assert isinstance(reply, answer), f"{type(body).__name__} was asked to answer {answer.__name__}"
        return reply

    # -- everything else

    def _on_Describe(self, body: Describe) -> Description:
        row = self.node(body.path).row
        if isinstance(body.path, CallTensor):
            return self._description_of_call(body.path, self.runs[body.path.run])
        facts = [Fact(label="kind", text=row.kind), Fact(label="detail", text=row.detail)]
        facts += [Fact(label="shared with", text=path, path=path) for path in row.shared_with]
        return Description(path=body.path, groups=[FactGroup(title="What it is", facts=facts)])

    def _description_of_call(self, place: CallTensor, rows: list[CallRow]) -> Description:
        """Each call reads from the one before it."""
        row, run = rows[place.call], place.run
        facts = [Fact(label="Operation", text=row.op), Fact(label="In", text=row.module, path=row.module)]
        flow = [("From", place.call - 1)] * bool(place.call) + [("To", place.call + 1)] * (place.call + 1 < len(rows))
        links = [
            Fact(label=label, text=f"{call} {rows[call].op}", path=CallTensor(run=run, call=call))
            for label, call in flow
        ]
        return Description(
            path=place, groups=[FactGroup(title="Call", facts=facts), FactGroup(title="Dataflow", facts=links)]
        )

    def _on_SourceCode(self, body: SourceCode) -> SourceText:
        path, line = body.path, None
        if isinstance(path, CallTensor):
            path, line = self.called(path).module, 12
        name = self.node(path).row.detail
        text = f"class {name}(nn.Module):\n    def forward(self, X):\n        return X\n"
        return SourceText(
            path=body.path, class_name=name, text=text, file="net.py", first_line=10, forward_line=11, call_line=line
        )

    def _on_SuggestSources(self, body: SuggestSources) -> SuggestedSources:
        items = [item for item in self.suggested if item.source.startswith(body.text)]
        return SuggestedSources(text=body.text, items=items)

    def _on_ChangedFiles(self, body: ChangedFiles) -> FilesChanged:
        return self.files_changed

    def _on_ReadFindings(self, body: ReadFindings) -> FoundFindings:
        return self.found

    def _on_ReadInputs(self, body: ReadInputs) -> InputFields:
        return self.inputs

    def _on_SetInputs(self, body: SetInputs) -> InputsSet:
        return InputsSet(
            text=", ".join(filter(None, body.texts)),
            specs=[text for text in body.texts if text],
            mode=body.mode or RunMode(),
        )

    def _on_UseSnapshot(self, body: UseSnapshot) -> Done:
        if body.do == "drop":
            self.snapshots = [item for item in self.snapshots if item.name != body.name]
        return Done(text=f"{body.do} {body.name}")

    def _on_PlanEdit(self, body: PlanEdit) -> EditPlan:
        if body.kind != "elements":
            return EditPlan(statement=f"_ = net.{body.path}.{body.kind}()", note=f"{body.kind} of {body.path}")
        if body.what == "bad":
            return EditPlan(what_error="“bad” is no number", note="1 of 32 elements")
        statement = f"net.{body.path}[{body.where}] = {body.what}" if body.what else ""
        return EditPlan(statement=statement, note="1 of 32 elements", about=[body.path])

    def _on_PathForms(self, body: PathForms) -> Forms:
        getter = f"net.get_parameter({body.path!r})"
        return Forms(path=body.path, forms=[PathForm(label="key", text=body.path), PathForm(label="call", text=getter)])

    def _on_Export(self, body: Export) -> Exported:
        return Exported(name=f"net-{body.form}", ending="txt", text=f"{body.form} of {body.path!r}\n")

    def _on_NextCall(self, body: NextCall) -> CallPlace:
        rows = self.runs.get(body.run, [])
        found = [index for index, row in enumerate(rows) if row.module == body.path or body.path in row.tensors]
        if not found:
            return CallPlace(run=body.run, index=None)
        number = next((number for number, index in enumerate(found) if index > body.after), 0)
        return CallPlace(run=body.run, index=found[number], number=number + 1, count=len(found))

    def _on_Execute(self, body: Execute) -> Executed:
        return Executed(value=body.text.strip() or None)

    def _on_Forward(self, body: Forward) -> Ran:
        return Ran(run=max(self.runs, default=0) or None, text="[2, 1] float32")

    def _on_KeepCall(self, body: KeepCall) -> Done:
        return Done(text="kept by running again: the same numbers in all 5 calls")

    def _on_Complete(self, body: Complete) -> Completions:
        return Completions(start=body.cursor, items=[])

    def _on_done(self, body: Body) -> Done:
        return Done()

    _on_ZeroGradients = _on_Undo = _on_Interrupt = _on_Backward = _on_done

"""Some steps of an optimizer on the open network, as a change that can be undone and as Python that does the same."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import messages as m
from ..messages.errors import EngineProblem
from ..opened.facts import amount
from .passes import arguments_now, as_called

if TYPE_CHECKING:
    from torch import Tensor

    from ..run.optimise import StepTaken
    from .session import Session
    from .stepper import Stepper

EVERY = 0.1
"""Seconds between two reports at least."""
GREW = 100
"""Times that a loss grows before it is infinite, where the steps are too large for it."""
LAYERS_SENT = 200
"""Layers of which a report says how far they moved."""
NEW = "{name} = torch.optim.{optimizer}([p for p in net.parameters() if p.requires_grad], lr={rate!r})\n"
CODE = """\
for _ in range({count}):
    output = net({call})
    {into} = {loss}
    net.zero_grad()
    {into}.backward()
    {name}.step()
"""


class _Loss:
    """The loss of steps, an expression in the console's names and `output`.

    Args:
        text: the expression; empty for one that suits the first output.
    """

    def __init__(self, session: Session, text: str) -> None:
        self._session = session
        self._of = _compiled(session, text) if text else None
        self.text = text

    def __call__(self, output: object) -> Any:
        """Return the loss of an output, which the console has as `output` from now on."""
        from ..run.optimise import default_loss

        self._session.namespace["output"] = output
        if self._of is None:
            self.text = default_loss(output)
            self._of = _compiled(self._session, self.text)
        return self._of(output)


def take_steps(session: Session, request: m.TakeSteps) -> m.StepsTaken:
    """Take steps, report them as they are taken, and return the outcome; what the network raises is part of it.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; nothing can be trained; a text says nothing that can be done.
    """
    from ..run.optimise import trained_layers

    tree = session.live.tree
    layers = trained_layers(tree)
    if not layers:
        raise _refused("No parameter requires a gradient: there is nothing to train", "p unfreezes what is selected.")
    if not (math.isfinite(request.rate) and request.rate > 0):
        raise _refused("The learning rate is a number above 0")
    loss = _Loss(session, request.loss.strip())
    args, kwargs = arguments_now(session)
    session.begin_change(f"steps of {request.optimizer}", names=True, apart=["output"])
    stepper = session.stepper
    kept = vars(stepper).copy()
    why_new = _ready(session, request, layers)
    before = stepper.count
    report = _Report(session.emit, request.count, list(layers)[:LAYERS_SENT])
    started = time.perf_counter()
    problem = _take(session, request.count, layers, partial(tree.root, *args, **kwargs), loss, report)
    if why_new and not report.count:
        _forget(session, kept)
    changed = session.end_change()
    _, lasting = session.effects()
    made = NEW.format(name=stepper.name, optimizer=request.optimizer, rate=request.rate) if why_new else ""
    called = as_called(session, args, kwargs)
    into = "loss" if "loss" not in session.namespace else "steps_loss"  # which may be a function that it calls
    code = made + CODE.format(count=report.count, call=called, loss=loss.text, name=stepper.name, into=into)
    if report.count:
        session.journal.did(code)
    return m.StepsTaken(
        count=report.count,
        loss=loss.text,
        code=code if report.count else "",
        text=report.sentence() + (_whose(stepper, request.optimizer, why_new, before) if report.count else ""),
        problem=problem,
        changed=changed[:1000],
        lasting=lasting,
        seconds=time.perf_counter() - started,
    )


def _take(
    session: Session,
    count: int,
    layers: Mapping[str, list[Tensor]],
    call: Callable[[], object],
    loss: _Loss,
    report: _Report,
) -> m.Problem | None:
    """Take the steps; return what ended them early, None where nothing did."""
    from ..run.optimise import LossError, optimise
    from ..sources.tracebacks import problem_of

    stepper = session.stepper
    assert stepper.optimizer is not None
    try:
        for step in optimise(session.live.tree.root, call, layers, loss, stepper.optimizer, count):
            report.add(step)
            stepper.count += 1
        return None
    except LossError as error:
        return m.Problem("usage", str(error))
    except KeyboardInterrupt:
        return m.Problem("interrupted", "interrupted")
    except BaseException as error:  # SystemExit of the network too
        return problem_of(error)
    finally:
        report.send()


def _ready(session: Session, request: m.TakeSteps, layers: Mapping[str, list[Tensor]]) -> str:
    """Have the session's stepper ready; return why it has a new optimizer, empty where it goes on."""
    from ..run.optimise import new_optimizer

    stepper, names = session.stepper, session.namespace
    wanted: dict[str, object] = {
        "optimizer": request.optimizer,
        "learning rate": request.rate,
        "loss": request.loss.strip(),
        "set of parameters": [id(tensor) for tensors in layers.values() for tensor in tensors],
    }
    why_new = stepper.why_not(names, wanted, request.anew)
    if why_new:
        is_free = "opt" not in names or names["opt"] is stepper.optimizer
        stepper.name = "opt" if is_free else "steps_opt"
        stepper.optimizer = names[stepper.name] = new_optimizer(request.optimizer, layers, request.rate)
        stepper.made_for, stepper.count = wanted, 0
    return why_new


def _forget(session: Session, kept: dict[str, object]) -> None:
    """Have the stepper as it was: no step was taken with the new optimizer."""
    stepper, names = session.stepper, session.namespace
    if kept["name"] == stepper.name and kept["optimizer"] is not None:
        names[stepper.name] = kept["optimizer"]
    else:
        names.pop(stepper.name, None)
    vars(stepper).update(kept)


def _whose(stepper: Stepper, optimizer: str, why_new: str, before: int) -> str:
    """Return with which optimizer the steps were taken."""
    if not why_new:
        return f"; {stepper.name} went on after {amount(before, 'step')}"
    return f"; {stepper.name} is a new {optimizer}" + (f" ({why_new})" if why_new != "the first" else "")


class _Report:
    """The steps so far, and their reports."""

    def __init__(self, emit: Callable[[object], None], total: int, layers: list[str]) -> None:
        self._emit, self._total, self._layers = emit, total, layers
        self._first: StepTaken | None = None
        self._last: StepTaken | None = None
        self._largest = 0.0
        """Of the finite losses so far."""
        self._not_finite = 0
        """From which step on, counted from 1, the loss is no finite number; 0 for none."""
        self._waiting: list[StepTaken] = []
        self._sent_at = 0.0
        self.count = 0

    def add(self, step: StepTaken) -> None:
        """Take in a step, and report it where the last report is long enough ago."""
        self._first = self._first or step
        self._last = step
        self._waiting.append(step)
        self.count += 1
        if math.isfinite(step.loss):
            self._largest, self._not_finite = max(self._largest, abs(step.loss)), 0
        else:
            self._not_finite = self._not_finite or self.count
        if time.monotonic() - self._sent_at >= EVERY:
            self.send()

    def send(self) -> None:
        """Report what was not reported yet."""
        if not self._waiting:
            return
        points = [m.StepPoint(loss=step.loss, gradient=step.gradient) for step in self._waiting]
        moved = zip(self._layers, self._waiting[-1].updates, strict=False)
        layers = [m.LayerUpdate(path=path, ratio=ratio) for path, ratio in moved]
        start = self.count - len(points)
        self._emit(m.StepsGrew(start=start, total=self._total, points=points, layers=layers))
        self._waiting, self._sent_at = [], time.monotonic()

    def sentence(self) -> str:
        """Return how the loss went."""
        if self._first is None or self._last is None:
            return "no step was taken"
        loss = f"loss {self._first.loss:.6g}"
        loss += f" to {self._last.loss:.6g}" if self.count > 1 else ""
        return f"{amount(self.count, 'step')}: {loss}, gradient norm {self._last.gradient:.4g}{self._diverged()}"

    def _diverged(self) -> str:
        """Return since when the loss is no finite number and why; empty where it is one, or was none from the start."""
        if self._first is None or self._not_finite < 2:
            return ""
        grew = self._largest > GREW * abs(self._first.loss)
        why = "; it grew until then, as with too large a learning rate" if grew else ""
        return f"; no finite number from step {self._not_finite} on{why}"


def _compiled(session: Session, text: str) -> Callable[[object], Any]:
    """Return what evaluates a loss in the console's names.

    Raises:
        EngineProblem: it is no expression.
    """
    try:
        tree = ast.parse(text.strip(), "<loss>", "eval")
        code = compile(tree, "<loss>", "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise _refused(f"The loss is no Python expression: {str(error)[:200]}") from None
    session.interpreter  # noqa: B018  (which fills the console's names)
    return lambda output: eval(code, session.namespace)


def _refused(title: str, text: str = "") -> EngineProblem:
    return EngineProblem(m.Problem("usage", title, text))

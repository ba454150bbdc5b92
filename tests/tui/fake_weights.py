"""What the engine without torch answers about weights beside the open network: 16 tensors, 3 rules."""

from __future__ import annotations

from models.messages import (
    Exported,
    FitChoice,
    FitEntry,
    FitList,
    FitRule,
    Fitted,
    FitWeights,
    LoadWeights,
    OpenWeights,
    OwnRule,
    Problem,
    WeightsCode,
    WeightsLoaded,
)
from models.messages.errors import EngineProblem

RULES = (
    FitRule(key="a", old="module.", new="", kind="prefix", keys=14, certainty="certain", rename="module.="),
    FitRule(key="b", old="0.w{n}", new="0.block {n}", kind="fuse", keys=4, certainty="likely", note="put together"),
    FitRule(key="c", old="end.", new="1.", kind="prefix", keys=2, certainty="guess", rename="end.=1."),
)
"""Those of the file `w.pt`; each brings as many tensors as it has keys, the first 10 of its own."""


class FakeWeights:
    """Answers about weights."""

    def _on_OpenWeights(self, body: OpenWeights) -> Fitted:
        self.checkpoint = body.checkpoint
        return self._fitted(FitChoice())

    def _on_FitWeights(self, body: FitWeights) -> Fitted:
        return self._fitted(body.choice)

    def _on_WeightsCode(self, body: WeightsCode) -> Exported:
        return Exported(name="load_weights", ending="py", text=f"# {sorted(self._taken(body.choice))}\n")

    def _on_LoadWeights(self, body: LoadWeights) -> WeightsLoaded:
        fitted = self._fitted(body.choice)
        if body.strict and not fitted.fits:
            raise EngineProblem(Problem("usage", "Nothing is loaded: 2 missing"))
        count = fitted.lists[0].count
        return WeightsLoaded(text=f"{count} of 16 tensors loaded from {self.checkpoint}", changed=["1.weight"])

    def _taken(self, choice: FitChoice) -> set[str]:
        default = {rule.key for rule in RULES if rule.certainty != "guess"}
        return (default - set(choice.left)) | set(choice.taken)

    def _fitted(self, choice: FitChoice) -> Fitted:
        for text in choice.own:
            if "=" not in text:
                raise EngineProblem(Problem("usage", f"{text!r} is not of the form old=new"))
        taken = self._taken(choice)
        matched = 10 * ("a" in taken) + 4 * ({"a", "b"} <= taken) + 2 * ("c" in taken or "end.=1." in choice.own)
        missing = FitList(
            name="missing",
            count=16 - matched,
            entries=[FitEntry(template="1.[weight,bias] [/]", count=16 - matched, path="1.weight")] * (matched < 16),
        )
        return Fitted(
            checkpoint=self.checkpoint,
            network="rgnet",
            tensors=16,
            agreeing=0,
            own=[OwnRule(text=text, keys=2) for text in choice.own],
            rules=[
                FitRule(**{name: getattr(rule, name) for name in rule.__struct_fields__} | {"taken": rule.key in taken})
                for rule in RULES
            ],
            lists=[
                FitList(
                    name="matched",
                    count=matched,
                    entries=[FitEntry(template="0", count=matched, path="0", source="a + b")],
                ),
                missing,
                FitList(
                    name="unexpected",
                    count=1,
                    entries=[FitEntry(template="rope.freqs", count=1, reason="recomputed by the network")],
                ),
            ],
            fits=matched == 16,
            notes=["The rows of q and k may be permuted."],
        )

"""What `fit --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fit.misfits import LISTS, Misfit, Misfits, templates_by_reason
from ..fit.proposal import Proposal


def report_of(
    network: str, checkpoint: str, proposal: Proposal, shown: Misfits, loaded: Misfits, code: str
) -> dict[str, Any]:
    """Return the object that `fit --json` prints, `schema` left out.

    Args:
        shown: what fits with the rules that are certain or likely.
        loaded: the same with those that are certain, or were applied.
        code: Python that loads it with those.
    """
    mapping = proposal.mapping()
    return {
        "network": network,
        "checkpoint": checkpoint,
        "fits": loaded.fits,
        "agreeing": proposal.agreeing,
        **{name: list_report(getattr(shown, name)) for name in LISTS},
        "taken": list(shown.taken),
        "rules": [
            {
                "from": rule.old, "to": rule.new, "kind": rule.kind, "keys": rule.keys,
                "certain": rule.certainty == "certain", "certainty": rule.certainty, "note": rule.note or None,
            }
            for rule in proposal.rules
        ],
        "mapping": {name: names[0] if len(names) == 1 else names for name, names in mapping.items()},
        "certainty": {name: link.certainty for link in proposal.links for name in link.file},
        "notes": [*proposal.notes, *shown.notes],
        "refusal": proposal.refusal or None,
        "code": code,
    }  # fmt: skip


def list_report(misfits: Sequence[Misfit]) -> dict[str, Any]:
    """Return how many there are, and their templates, each with its reason."""
    entries = [
        {"template": template.text, "count": len(template.names), "reason": reason or None}
        for reason, template in templates_by_reason(misfits)
    ]
    return {"count": len(misfits), "templates": [each["template"] for each in entries], "entries": entries}

"""Why no item of a run can continue, and what to do, in words."""

from __future__ import annotations

from assemblyzero_tui.runner.base.text import one_line
from assemblyzero_tui.runner.model.call_outcomes import MONEY_HELPS, Outcome
from assemblyzero_tui.runner.model.events import RunBlocked
from assemblyzero_tui.runner.model.run_spec import RunSpec

_WHAT = {
    Outcome.NO_MODEL: "No credential has the model {model}",
    Outcome.REGION: "The service is not offered here to any credential",
    Outcome.UNPAID: "Every credential lacks billing or credit",
    Outcome.NO_TIER: "No credential has quota for {model}",
}
_SHARED = "No item gets an answer of {model}"
_PROJECTS = "https://ai.studio/projects"
_OTHERS = "With other credentials: {resume} --credentials FILE"
_HINTS = {
    Outcome.NO_MODEL: "Choose another model: {resume} {option} NAME",
    Outcome.REGION: "Where it is: https://ai.google.dev/gemini-api/docs/available-regions. Resume "
    f"from there: {{resume}}. {_OTHERS}",
    Outcome.UNPAID: f"Fix it at {_PROJECTS}, then resume: {{resume}}. {_OTHERS}",
    Outcome.NO_TIER: f"Enable billing at {_PROJECTS} and run: assemblyzero-tui pool reset NAME. "
    f"Then resume: {{resume}}. Or choose another model with {{option}} NAME. {_OTHERS}",
}
_SHARED_HINT = (
    "Fix that, or choose another model with {option} NAME. Then resume: {resume} --failed"
)


def blocked_event(outcome: Outcome, model: str, words: str, spec: RunSpec) -> RunBlocked:
    """The event for a cause that all items share.

    Args:
        outcome: How every call ends.
        model: The one that was called.
        words: The service's own; empty where it gave none.
        spec: The run.
    """
    option = "--review-model" if model == spec.options.review_model else "--model"
    resume = f"assemblyzero-tui resume {spec.run}"
    hint = _HINTS.get(outcome, _SHARED_HINT)
    return RunBlocked(
        what=_WHAT.get(outcome, _SHARED).format(model=model),
        words=one_line(words).rstrip("."),
        hint=hint.format(resume=resume, option=option),
        money=outcome in MONEY_HELPS,
    )

"""A scenario being worked on: a list of actions on a base that never changes, with undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, replace

from layoutplan.plan.scenario import Action, Scenario


@dataclass(frozen=True)
class Draft:
    """What the planner has done so far, and what was taken back.

    Parameters
    ----------
    base : Scenario
        Where it began.
    done : tuple of Action
        Added since, in order.
    undone : tuple of Action
        Taken back, the last one taken back at the end; a new action forgets them.

    Examples
    --------
    >>> from layoutplan.plan.scenario import CloseSchool, Scenario
    >>> draft = do(Draft(Scenario(name="a")), CloseSchool(year=2026, school_id="0001"))
    >>> len(scenario_of(draft).actions), len(scenario_of(undo(draft)).actions), redo(undo(draft)) == draft
    (1, 0, True)
    """

    base: Scenario
    done: tuple[Action, ...] = ()
    undone: tuple[Action, ...] = ()


def do(draft: Draft, action: Action) -> Draft:
    """Return the draft with one action more."""
    return replace(draft, done=(*draft.done, action), undone=())


def undo(draft: Draft) -> Draft:
    """Return the draft without its last action; the same draft if there is none."""
    if not draft.done:
        return draft
    return replace(draft, done=draft.done[:-1], undone=(*draft.undone, draft.done[-1]))


def redo(draft: Draft) -> Draft:
    """Return the draft with the action last taken back; the same draft if there is none."""
    if not draft.undone:
        return draft
    return replace(draft, done=(*draft.done, draft.undone[-1]), undone=draft.undone[:-1])


def scenario_of(draft: Draft) -> Scenario:
    """Return the base with all actions done."""
    return draft.base.model_copy(update={"actions": (*draft.base.actions, *draft.done)})

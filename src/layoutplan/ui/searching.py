"""A search for the better layout that runs behind the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from layoutplan.errors import InputError
from layoutplan.plan.optimise import Goal, OptimiseResult, Progress, optimise
from layoutplan.plan.planning import Prepared
from layoutplan.ui.behind import Behind

State = Literal["waiting", "running", "done", "fault"]


@dataclass(eq=False)
class Search(Behind):
    """One search and how far it is.

    Parameters
    ----------
    prepared : Prepared
        County.
    goal : Goal
        What is asked.

    Attributes
    ----------
    progress : list of Progress
        What the search told so far, in order.
    result : OptimiseResult or None
        The answer, once it is there.
    fault : InputError or None
        Why there is none, where the goal contradicts itself or the county.
    """

    prepared: Prepared
    goal: Goal
    progress: list[Progress] = field(default_factory=list)
    result: OptimiseResult | None = None
    fault: InputError | None = None

    @property
    def state(self) -> State:
        """Where the search is."""
        if self.ended:
            return "done" if self.result is not None else "fault"
        return "running" if self.runs else "waiting"

    def work(self) -> None:
        """Search, and take notes of the progress."""
        try:
            self.result = optimise(self.prepared, self.goal, on_progress=self.progress.append, cancel=self._stop.is_set)
        except InputError as fault:
            self.fault = fault

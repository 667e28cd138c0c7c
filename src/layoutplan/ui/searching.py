"""A search for the better layout that runs behind the pages: it can be watched, left, returned to and stopped."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

from layoutplan.errors import InputError
from layoutplan.plan.optimise import Goal, OptimiseResult, Progress, optimise
from layoutplan.plan.planning import Prepared

State = Literal["waiting", "running", "done", "fault"]
# One search at a time in this program; the others wait, so that who drags a pin is not slowed down by many.
_TURN = threading.Lock()


@dataclass(eq=False)
class Search:
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
    broken: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _runs: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def state(self) -> State:
        """Where the search is."""
        if self._ended.is_set():
            return "done" if self.result is not None else "fault"
        return "running" if self._runs.is_set() else "waiting"

    def start(self) -> None:
        """Begin in a thread of its own; the program may end without waiting for it."""
        threading.Thread(target=self._work, name="search", daemon=True).start()

    def cancel(self) -> None:
        """Ask the search to end with the best layout so far."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came."""
        return self._ended.wait(seconds)

    def _work(self) -> None:
        try:
            while not _TURN.acquire(timeout=0.5):
                if self._stop.is_set():
                    return
            try:
                self._runs.set()
                self.result = optimise(
                    self.prepared, self.goal, on_progress=self.progress.append, cancel=self._stop.is_set
                )
            finally:
                _TURN.release()
        except InputError as fault:
            self.fault = fault
        except Exception as fault:  # a thread has nobody above it who could tell the planner
            self.broken = f"{type(fault).__name__}: {fault}"
            raise
        finally:
            self._ended.set()

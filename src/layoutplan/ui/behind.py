"""Work that goes on behind the pages: it can be watched, left, returned to and stopped."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(eq=False)
class Behind:
    """A piece of work in a thread of its own.

    One of a kind at a time in this program; the others wait, so that who drags a pin is not slowed down by many.

    Attributes
    ----------
    broken : str
        What ended it that was nobody's intention.
    """

    broken: str = field(default="", init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _runs: threading.Event = field(default_factory=threading.Event, init=False)
    _ended: threading.Event = field(default_factory=threading.Event, init=False)
    _turn: ClassVar[threading.Lock]

    def __init_subclass__(cls) -> None:
        """Give every kind of work turns of its own."""
        cls._turn = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended.is_set()

    @property
    def runs(self) -> bool:
        """Whether its turn has come."""
        return self._runs.is_set()

    def start(self) -> None:
        """Begin; the program may end without waiting for it."""
        threading.Thread(target=self._take_turn, name=type(self).__name__, daemon=True).start()

    def cancel(self) -> None:
        """Ask it to end with what there is so far."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came."""
        return self._ended.wait(seconds)

    def work(self) -> None:
        """Do it, and look at times whether to stop."""
        raise NotImplementedError

    def _take_turn(self) -> None:
        try:
            while not self._turn.acquire(timeout=0.5):
                if self._stop.is_set():
                    return
            try:
                self._runs.set()
                self.work()
            finally:
                self._turn.release()
        except Exception as fault:  # a thread has nobody above it who could tell the planner
            self.broken = f"{type(fault).__name__}: {fault}"
            raise
        finally:
            self._ended.set()

"""Values worked out once and shared, read only, by every session."""

from __future__ import annotations

import gc
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

# How many values of a kind are kept; a kind is the first part of a key. Of what is large, few.
KEPT: Mapping[str, int] = {
    "county": 4, "prepared": 4, "result": 24, "plan": 64, "base": 24, "shapes": 8, "lab": 32, "cells": 64, "drawn": 512,
}  # fmt: skip
KEPT_OF_OTHERS = 64


class Shelf:
    """Values by key; each is made once, and whoever asks meanwhile waits for it and for nothing else.

    Streamlit's own cache would replay what is drawn while a value is worked out; here the
    progress is drawn by whoever waits, and the others wait for the same value.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[Hashable, ...], Any] = OrderedDict()
        self._turns: dict[tuple[Hashable, ...], threading.RLock] = {}

    def get(self, key: tuple[Hashable, ...], make: Callable[[], Any]) -> Any:
        """Return the value of a key, made at the first call; of a kind's values the longest unused are dropped.

        Examples
        --------
        >>> shelf = Shelf()
        >>> shelf.get(("sum", 1, 2), lambda: 1 + 2), shelf.get(("sum", 1, 2), lambda: 0)
        (3, 3)
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            turn = self._turns.setdefault(key, threading.RLock())
        with turn:
            if key not in self._held:
                value = make()
                with self._lock:
                    self._held[key] = value
                    self._turns.pop(key, None)
                    self._drop(key[0])
                _set_aside()
                return value
            return self._held[key]

    def holds(self, key: tuple[Hashable, ...]) -> bool:
        """Whether the value of a key is there."""
        return key in self._held

    def _drop(self, kind: Hashable) -> None:
        count = Counter(key[0] for key in self._held)[kind]
        for key in list(self._held):
            if count <= KEPT.get(str(kind), KEPT_OF_OTHERS):
                return
            if key[0] == kind:
                del self._held[key]
                count -= 1


def _set_aside() -> None:
    """Let the collector pass over all that now stands on the shelf.

    A county is a million objects that stay; to walk through them takes 140 ms, ten times what a step
    of a drag takes, and nobody else runs meanwhile.
    """
    gc.collect()
    gc.freeze()

"""Functions that workers of the tests run; a worker finds them by name in this module."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def add(shared, task):
    return shared + task


def die_once(shared, task):
    """Kill the worker the first time the task is met."""
    mark = Path(shared) / str(task)
    if task == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def die_always(_, task):
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def stay(shared, task):
    """Note the worker's number, and stay for so many seconds."""
    (Path(shared) / str(os.getpid())).touch()
    time.sleep(task)
    return task

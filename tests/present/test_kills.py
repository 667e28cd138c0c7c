"""Law 13 for what is handed in: a program killed while it writes leaves the old file, byte by byte, or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from writers import WRITERS, contents

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")

# Writes the same over and over, and says when a round begins, until it is killed.
WRITER = """
import sys
from pathlib import Path
import toy_plans
from writers import WRITERS
result = toy_plans.plan("close")
while True:
    print("again", flush=True)
    WRITERS[sys.argv[1]](result, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("kind", WRITERS)
def test_a_kill_leaves_whole_files(kind, tmp_path):
    """LAYOUTPLAN_KILLS=10 a format makes it the whole trial of more than a hundred."""
    command = [sys.executable, "-c", WRITER, kind, str(tmp_path)]
    paths = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    good: dict[str, bytes] = {}
    for kill in range(int(os.environ.get("LAYOUTPLAN_KILLS", "1"))):
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths})
        for _ in range(2):
            writer.stdout.readline()
        good = good or contents(tmp_path)
        # Somewhere within the next rounds: while a draft is under way, and a little further each time.
        while not list(tmp_path.rglob(".*.tmp*")):
            assert writer.poll() is None
        time.sleep(0.001 * (kill * 7 % 11))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        assert contents(tmp_path) == good
        assert [name for name in good if name.endswith(kind)]

"""Law 13 for what is handed in: a program killed while it writes leaves the old file, byte by byte, or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy_plans
from writers import WRITERS, contents

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")

# Writes a format over and over in a child of its own for every line it is given, until somebody kills the child.
SERVER = """
import os, sys
from pathlib import Path
import toy_plans
from writers import WRITERS
result = toy_plans.plan("close")
for line in sys.stdin:
    kind, folder = line.split()
    child = os.fork()
    if child == 0:
        while True:
            WRITERS[kind](result, Path(folder))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@pytest.fixture(scope="module")
def server():
    paths = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    command, pipes = [sys.executable, "-c", SERVER], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, bufsize=1, env=os.environ | {"PYTHONPATH": paths}, **pipes) as running:
        yield running
        running.stdin.close()


@pytest.mark.parametrize("kind", WRITERS)
def test_a_kill_leaves_whole_files(kind, server, tmp_path):
    """LAYOUTPLAN_KILLS=10 a format makes it the whole trial of more than a hundred."""
    WRITERS[kind](toy_plans.plan("close"), tmp_path)
    good = contents(tmp_path)
    assert [name for name in good if name.endswith(kind)]
    for kill in range(int(os.environ.get("LAYOUTPLAN_KILLS", "1"))):
        print(kind, tmp_path, file=server.stdin)
        child = int(server.stdout.readline())
        # While a draft is under way, and a little further each time.
        while not list(tmp_path.rglob(f".*{child}*.tmp*")):
            time.sleep(0.0005)
        time.sleep(0.001 * (kill * 7 % 11))
        os.kill(child, signal.SIGKILL)
        assert server.stdout.readline() == "gone\n"
        assert contents(tmp_path) == good

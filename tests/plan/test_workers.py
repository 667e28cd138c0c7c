"""Every task has its answer once, whoever does the work and whoever dies over it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import toy_tasks

from layoutplan.errors import ScenarioError
from layoutplan.plan.workers import Job, Lost, run_beside, run_here, run_on_cluster

needs_kill = pytest.mark.skipif(os.name == "nt", reason="no kill -9 there")


def test_one_process_or_several_give_the_same():
    job = Job(toy_tasks.add, 100, range(7))
    assert dict(run_here(job)) == dict(run_beside(job, workers=2)) == {task: 100 + task for task in range(7)}


def test_tasks_are_taken_only_as_workers_come_free():
    taken = []

    def source():
        for task in range(50):
            taken.append(task)
            yield task

    running = run_beside(Job(toy_tasks.add, 0, source()), workers=2)
    next(running)
    assert len(taken) <= 4
    running.close()


@needs_kill
def test_a_worker_that_dies_once_costs_nothing(tmp_path):
    found = dict(run_beside(Job(toy_tasks.die_once, str(tmp_path), range(6)), workers=2))
    assert found == {task: task for task in range(6)}


@needs_kill
def test_a_task_that_kills_its_worker_twice_is_given_up_and_the_rest_goes_on():
    found = dict(run_beside(Job(toy_tasks.die_always, None, range(6)), workers=2))
    assert found == {task: Lost() if task == 3 else task for task in range(6)}


def test_a_scheduler_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("layoutplan.plan.workers._CONNECT_SECONDS", 1)
    with pytest.raises(ScenarioError) as caught:
        next(run_on_cluster(Job(toy_tasks.add, 0, range(2)), address="tcp://127.0.0.1:9"))
    assert [(problem.code, problem.layer) for problem in caught.value.problems] == [
        ("cluster_not_there", "tcp://127.0.0.1:9")
    ]


@needs_kill
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="no list of processes in files")
def test_workers_end_when_the_process_they_work_for_is_killed(tmp_path):
    work = f"""
import toy_tasks
from layoutplan.plan.workers import Job, run_beside

next(run_beside(Job(toy_tasks.stay, {str(tmp_path)!r}, [60, 61]), workers=2))
"""
    path = os.pathsep.join(map(str, sys.path))
    killed = subprocess.Popen([sys.executable, "-c", work], env=os.environ | {"PYTHONPATH": path})
    while len(list(tmp_path.iterdir())) < 2:
        assert killed.poll() is None
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    workers = [Path("/proc", file.name, "stat") for file in tmp_path.iterdir()]
    while any(is_running(stat) for stat in workers):
        time.sleep(0.05)


def is_running(stat):
    """Whether a process has not ended; Z marks one that has and whom nobody has asked about yet."""
    try:
        return stat.read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False

"""Every task has its answer once, whoever does the work and whoever dies over it."""

from __future__ import annotations

import os

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

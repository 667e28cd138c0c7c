"""What a scenario, a goal and a county's description may say, as it was: keys, kinds, limits, defaults."""

from __future__ import annotations

import json

import pytest
from goldens import hold

from layoutplan.county.manifest import Manifest
from layoutplan.plan.optimise.goal import Goal
from layoutplan.plan.scenario import Scenario


def without_words(tree):
    """Return a schema without its descriptions, which may be put better."""
    if isinstance(tree, dict):
        return {
            key: without_words(part) for key, part in tree.items() if key != "description" or isinstance(part, dict)
        }
    return [without_words(part) for part in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("model", [Scenario, Goal, Manifest])
def test_a_file_may_say_what_it_could_say(model):
    schema = json.dumps(without_words(model.model_json_schema()), indent=1, sort_keys=True, ensure_ascii=False)
    hold(f"file-{model.__name__.lower()}", schema.splitlines())

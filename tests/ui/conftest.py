import pytest
from toy_county import toy

from layoutplan.county.layers import read_county
from layoutplan.norms import load_norms
from layoutplan.plan.planning import prepare, run_plan
from layoutplan.plan.scenario import Scenario


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    county = toy()
    county.manifest["layers"].pop("enrolment", None)
    return county.write(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="session")
def result(folder):
    return run_plan(prepare(read_county(folder), load_norms()), Scenario(name="base"))

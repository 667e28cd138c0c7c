"""An office at work, step by step at random, against a plain model: who may do what, and what is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from layoutplan.errors import ScenarioError
from layoutplan.plan.members import ROLES, appoint, dismiss, list_members
from layoutplan.plan.scenario import Scenario
from layoutplan.plan.store import (
    NEW,
    approve_version,
    list_names,
    list_versions,
    load_version,
    save_version,
    verify_store,
)
from layoutplan.plan.storefile import Store, list_events

PEOPLE = st.sampled_from(["desk", "guo", "li", "ma", "wang"])
PLANS = st.sampled_from(["north", "south"])


class Office(RuleBasedStateMachine):
    """Each rule asks the store and the model; a refusal has to name the reason the model gives."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "plans.sqlite")
        self.roles: dict[str, str] = {}
        self.kept: dict[str, list[tuple[int, str]]] = {}
        self.approved: set[tuple[str, int, str]] = set()
        self.acts: list[tuple[str, str, str]] = []

    @initialize(single=st.booleans())
    def open_office(self, single):
        """Every other office is a single desk."""
        if not single:
            appoint(self.store, "guo", "admin")
            self.roles["guo"] = "admin"
            self.acts.append(("desk", "appoint", "guo"))

    def why_not(self, who, needed):
        if not self.roles:
            return None
        if who not in self.roles:
            return "member_unknown"
        return None if ROLES.index(self.roles[who]) >= ROLES.index(needed) else "role_needed"

    def asked(self, reason, act, work):
        """Do something that should be refused for a reason, or done; return whether it was done."""
        if reason is not None:
            with pytest.raises(ScenarioError) as caught:
                work()
            assert [problem.code for problem in caught.value.problems] == [reason]
            return False
        work()
        self.acts.append(act)
        return True

    @rule(who=PEOPLE, name=PLANS, based_on=st.integers(0, 4), year=st.integers(2030, 2040))
    def save(self, who, name, based_on, year):
        newest = len(self.kept.get(name, []))
        stale = "version_exists" if based_on == NEW else "version_stale" if newest else "version_unknown"
        reason = self.why_not(who, "planner") or (None if based_on == newest else stale)
        plan = Scenario(name=name, last_year=year)
        work = lambda: save_version(self.store, plan, based_on=based_on, by=who)  # noqa: E731
        if self.asked(reason, (who, "save", name), work):
            self.kept.setdefault(name, []).append((year, who))

    @rule(who=PEOPLE, name=PLANS, year=st.integers(2030, 2040))
    def save_on_the_newest(self, who, name, year):
        self.save(who, name, len(self.kept.get(name, [])), year)

    @rule(who=PEOPLE, name=PLANS, number=st.integers(1, 4))
    def approve(self, who, name, number):
        reason = self.why_not(who, "approver")
        if reason is None and number > len(self.kept.get(name, [])):
            reason = "version_unknown"
        if reason is None and (name, number, who) in self.approved:
            reason = "version_approved"
        work = lambda: approve_version(self.store, name, number=number, by=who)  # noqa: E731
        if self.asked(reason, (who, "approve", name), work):
            self.approved.add((name, number, who))

    @rule(who=PEOPLE, whom=PEOPLE, role=st.sampled_from(ROLES))
    def appoint(self, who, whom, role):
        after = self.roles | {whom: role}
        reason = self.why_not(who, "admin") or (None if "admin" in after.values() else "admin_needed")
        if self.asked(reason, (who, "appoint", whom), lambda: appoint(self.store, whom, role, by=who)):
            self.roles = after

    @rule(who=PEOPLE, whom=PEOPLE)
    def dismiss(self, who, whom):
        after = {name: role for name, role in self.roles.items() if name != whom}
        reason = self.why_not(who, "admin")
        if reason is None and whom not in self.roles:
            reason = "member_unknown"
        if reason is None and "admin" not in after.values():
            reason = "admin_needed"
        if self.asked(reason, (who, "dismiss", whom), lambda: dismiss(self.store, whom, by=who)):
            self.roles = after

    @invariant()
    def it_is_as_the_model_says(self):
        assert list_members(self.store) == self.roles
        assert list_names(self.store) == tuple(sorted(self.kept))
        for name, saved in self.kept.items():
            versions = list_versions(self.store, name)
            assert [version.saved_by for version in versions] == [who for _, who in saved]
            for version, (year, _) in zip(versions, saved, strict=True):
                assert load_version(self.store, name, number=version.number).last_year == year
                approvers = {who for plan, number, who in self.approved if (plan, number) == (name, version.number)}
                assert set(version.approved_by) == approvers
        assert [(one.member, one.act, one.subject) for one in list_events(self.store)] == self.acts
        verify_store(self.store)

    def teardown(self):
        self.folder.cleanup()


TestOfficeAtWork = Office.TestCase
TestOfficeAtWork.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)

"""Who needs a seat and who has one: demand, supply, assignment, enrolment, findings."""

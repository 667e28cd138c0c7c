"""What to look for in a plan: one module a subject, one register of all checks."""

"""The cases that a rule set is asked about."""

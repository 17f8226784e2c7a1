"""Whole lives of cases, simulated."""

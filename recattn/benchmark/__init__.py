"""Measured comparisons with other tools, on the same model and inputs, equal results first."""

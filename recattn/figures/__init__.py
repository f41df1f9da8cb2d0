"""Figures: pure functions from records to Plotly figures, in one theme."""

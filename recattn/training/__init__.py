"""Dataset and config in, run folder out."""

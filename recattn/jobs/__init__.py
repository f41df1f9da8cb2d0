"""Background work: start, watch, cancel, resume, and the registry of runs."""

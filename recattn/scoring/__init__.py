"""Everybody's recommendations and their reasons, part by part, on this machine or on many."""

from recattn.scoring.everybody import check_scoring, score_everybody
from recattn.scoring.part import Task

__all__ = ["Task", "check_scoring", "score_everybody"]

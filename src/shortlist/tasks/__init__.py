"""Objectives of a model: loss, metrics and labels in one layer each."""

from shortlist.tasks._ranking import Ranking
from shortlist.tasks._retrieval import Retrieval
from shortlist.tasks._task import Task

__all__ = ["Ranking", "Retrieval", "Task"]

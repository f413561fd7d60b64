"""Objectives of a model: loss, metrics and labels in one layer each."""

from shortlist.tasks.ranking import Ranking
from shortlist.tasks.retrieval import Retrieval
from shortlist.tasks.task import Task

__all__ = ["Ranking", "Retrieval", "Task"]

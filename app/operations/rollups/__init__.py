"""Rollups: the runs over a month, their chunks, and what is still due."""

from app.operations.rollups.chunk import roll_up_chunk, roll_up_run
from app.operations.rollups.due import catch_up, resume
from app.operations.rollups.outcome_counts import chunk_outcomes, skip_reasons
from app.operations.rollups.progress import ROLLUPS
from app.operations.rollups.run_state import rollup_state
from app.operations.rollups.starting import roll_up_period

__all__ = [
    "ROLLUPS",
    "catch_up",
    "chunk_outcomes",
    "resume",
    "roll_up_chunk",
    "roll_up_period",
    "roll_up_run",
    "rollup_state",
    "skip_reasons",
]

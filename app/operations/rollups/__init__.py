"""Month end: runs over a period, their chunks, and what is still due."""

from app.operations.rollups.chunk import roll_up_chunk, roll_up_run
from app.operations.rollups.due import catch_up, resume
from app.operations.rollups.starting import CHUNK_JOB, roll_up_period

__all__ = [
    "CHUNK_JOB",
    "catch_up",
    "resume",
    "roll_up_chunk",
    "roll_up_period",
    "roll_up_run",
]

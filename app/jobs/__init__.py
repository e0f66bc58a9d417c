"""Jobs that workers run. Each calls an operation, which finds in the tables what is due."""

from app.jobs.registration import SYSTEM, create_worker

__all__ = ["SYSTEM", "create_worker"]

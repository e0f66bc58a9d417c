"""Counts GraphQL operations, over HTTP and sockets."""

from time import perf_counter

from app.metrics import OPERATION_SECONDS, OPERATIONS

OTHER = "other"
"""The label of operations that are not of a trusted document: their names are the callers' choice."""


class CountedOperation:
    """One operation, from its arrival to its answer. `name`: of its trusted document."""

    __slots__ = ("_began", "name")

    def __init__(self) -> None:
        self.name = OTHER
        self._began = perf_counter()

    def answered(self, outcome: str) -> None:
        """Counts the operation and its time. outcome: ok, errors, or the code of a refused request."""
        OPERATION_SECONDS.labels(self.name).observe(perf_counter() - self._began)
        self.ended(outcome)

    def ended(self, outcome: str) -> None:
        """Counts the operation without its time, which for a subscription is its client's choice."""
        OPERATIONS.labels(self.name, outcome).inc()

"""The metrics of this process, in Prometheus' format: what is counted, and the port that shows it.

docs/operations.md lists them with what to do about each. A label is never a tenant, a subject or another text of the
caller's choice, so their number is bounded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
GAUGES: list[Gauge] = []
"""What the whole installation has. Only a process that reads them shows them: others would say 0."""

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SLOW = (0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600)


def _counter(name: str, documentation: str, *labels: str) -> Counter:
    return Counter(f"arcadia_{name}", documentation, labels, registry=REGISTRY)


def _gauge(name: str, documentation: str, *labels: str) -> Gauge:
    gauge = Gauge(f"arcadia_{name}", documentation, labels, registry=None)
    GAUGES.append(gauge)
    return gauge


def _histogram(name: str, documentation: str, *labels: str, buckets: tuple[float, ...] = _FAST) -> Histogram:
    return Histogram(f"arcadia_{name}", documentation, labels, registry=REGISTRY, buckets=buckets)


OPERATIONS = _counter(
    "graphql_operations",
    "GraphQL operations answered: `outcome` is ok, errors (an answer with errors) or the code of a refused request;"
    " `operation` is a trusted document's name, or other.",
    "operation",
    "outcome",
)
OPERATION_SECONDS = _histogram("graphql_operation_seconds", "Time to answer a GraphQL operation.", "operation")
CACHE_LOOKUPS = _counter(
    "cache_lookups",
    "Lookups of parsed documents and of compiled statements: `result` is hit or miss.",
    "cache",
    "result",
)
DATABASE_SECONDS = _histogram(
    "database_seconds",
    "Time that a connection was in use: `use` is read (a statement of the read path) or transaction.",
    "use",
)
POOL_WAIT_SECONDS = _histogram("pool_wait_seconds", "Time waited for a connection of a pool.", "use")
USAGE_EVENTS = _counter("usage_events", "Usage events received: `result` is new, duplicate or rejected.", "result")
JOBS = _counter("jobs", "Jobs that ended: `outcome` is done, failed or returned (at a stop).", "job_name", "outcome")
JOB_SECONDS = _histogram("job_seconds", "Time that a job took.", "job_name", buckets=_SLOW)
JOB_WAIT_SECONDS = _histogram("job_wait_seconds", "Time that a job that was due waited in the queue.", buckets=_SLOW)
INTEGRITY_VIOLATIONS = _counter("integrity_violations", "Rows that the data-integrity checks of this process found.")

# What the database and the queue hold, as each worker reads it from time to time: every worker has the same values.
QUEUED_JOBS = _gauge("queued_jobs", "Jobs that are due and wait in the queue.")
EVENTS_UNPUBLISHED = _gauge("events_unpublished", "Events that have no position yet.")
DELIVERIES = _gauge("webhook_deliveries", "Deliveries of events: `state` is pending or failed.", "state")
ENDPOINTS_DISABLED = _gauge("webhook_endpoints_disabled", "Webhook endpoints that are disabled.")
OLDEST_EVENT_SECONDS = _gauge("oldest_event_seconds", "Age of the oldest event that waits for delivery.")
FINANCE_PUSHES = _gauge("finance_pushes", "Pushes to the finance system: `state` is pending or blocked.", "state")
OLDEST_PUSH_SECONDS = _gauge("oldest_finance_push_seconds", "Age of the oldest push that is not sent.")
RECEIVABLES_OUT_OF_STEP = _gauge("receivables_out_of_step", "Invoices whose balance differs from the finance system's.")
UNBILLED_MONTHS = _gauge("unbilled_months", "Ended months of tenants that are not billed or due for correction.")
INTEGRITY_AGE_SECONDS = _gauge("integrity_age_seconds", "Time since all data was last checked; NaN if it never was.")
ROLLUP_RUNS_OPEN = _gauge("rollup_runs_open", "Rollup runs that are not finished.")
ROLLUP_TENANTS = _gauge("rollup_tenants", "Tenants of the latest rollup: `state` is total, done or failed.", "state")


@contextmanager
def showing_gauges() -> Iterator[None]:
    """Shows the gauges with the metrics of this process during the block."""
    for gauge in GAUGES:
        REGISTRY.register(gauge)
    try:
        yield
    finally:
        for gauge in GAUGES:
            REGISTRY.unregister(gauge)


@contextmanager
def serving_metrics(host: str, port: int | None) -> Iterator[None]:
    """Serves the metrics at http://host:port/metrics during the block; does nothing without a port. Raises OSError if
    the port is taken.
    """
    if port is None:
        yield
        return
    server: WSGIServer
    thread: Thread
    server, thread = start_http_server(port, host, REGISTRY)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The metrics of a process, as Prometheus reads them."""

from urllib.request import urlopen

import pytest

from app.lru_cache import LRUCache
from app.metrics import GAUGES, QUEUED_JOBS, REGISTRY, serving_metrics, showing_gauges
from bench.reads.servers import free_port


def lookups(result: str) -> float | None:
    return REGISTRY.get_sample_value("arcadia_cache_lookups_total", {"cache": "of a test", "result": result})


def test_they_are_served_during_the_block() -> None:
    port = free_port()
    with serving_metrics("127.0.0.1", port), urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        text = response.read().decode()
    assert "# TYPE arcadia_graphql_operations_total counter" in text
    assert "process_resident_memory_bytes" in text
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10)


def test_nothing_is_served_without_a_port() -> None:
    with serving_metrics("192.0.2.1", None):
        pass


def test_gauges_are_shown_by_those_who_read_them_alone() -> None:
    QUEUED_JOBS.set(3)
    assert REGISTRY.get_sample_value("arcadia_queued_jobs") is None
    with showing_gauges():
        assert REGISTRY.get_sample_value("arcadia_queued_jobs") == 3
        shown = {family.name for family in REGISTRY.collect()}
        assert {family.name for gauge in GAUGES for family in gauge.collect()} <= shown
    assert REGISTRY.get_sample_value("arcadia_queued_jobs") is None


def test_lookups_of_a_cache_with_a_name_are_counted() -> None:
    cache: LRUCache[str, int] = LRUCache(2, name="of a test")
    cache.put("a", 1)
    assert (cache.get("a"), cache.get("b"), cache.get("a")) == (1, None, 1)
    assert (lookups("hit"), lookups("miss")) == (2, 1)

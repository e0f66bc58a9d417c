"""Primary keys are increasing UUIDv7."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

from app.tables.ids import new_id, new_ids


def test_ids_are_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    key = new_id()
    assert (key.version, key.variant) == (7, RFC_4122)
    assert before <= key.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_rise_and_are_unique() -> None:
    keys = [key for count in (1, 1000, 0, 10) for key in new_ids(count)] + [new_id() for _ in range(1000)]
    assert keys == sorted(set(keys))
    assert len(keys) == 2011


def test_threads_get_different_ids() -> None:
    with ThreadPoolExecutor(4) as threads:
        batches = list(threads.map(new_ids, [500] * 20))
    moments = {key.int >> 64 for batch in batches for key in batch}
    assert len(moments) == 10_000
    assert all(batch == sorted(batch) for batch in batches)

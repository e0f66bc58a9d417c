"""The bounded cache: what is evicted, and when."""

from app.lru_cache import LRUCache


def test_the_least_recently_used_goes_first() -> None:
    cache: LRUCache[str, int] = LRUCache(3)
    for number, key in enumerate("abc"):
        cache.put(key, number)
    assert cache.get("a") == 0
    cache.put("d", 3)
    assert [cache.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_weight_bounds_a_cache_and_one_entry() -> None:
    cache: LRUCache[str, int] = LRUCache(100, 100)
    cache.put("heavy", 0, 11)
    assert cache.get("heavy") is None
    for key in range(11):
        cache.put(str(key), key, 10)
    assert len(cache) == 10
    cache.put("10", 0, 1)
    cache.put("new", 0, 9)
    assert len(cache) == 11


def test_a_cleared_cache_has_room_again() -> None:
    cache: LRUCache[str, int] = LRUCache(10, 100)
    for number in range(10):
        cache.put(str(number), number, 10)
    cache.clear()
    assert (len(cache), cache.get("0")) == (0, None)
    for number in range(10):
        cache.put(str(number), number, 10)
    assert len(cache) == 10

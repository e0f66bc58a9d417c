"""The bounded cache of whatever a process keeps between requests: the least recently used entry is evicted first."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from app.metrics import CACHE_LOOKUPS

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """A cache of at most `size` entries, whose weights add up to at most `weight`. An entry with more than a tenth of
    that weight is not cached. The lookups of a cache with a name are counted.
    """

    def __init__(self, size: int, weight: float = math.inf, name: str | None = None) -> None:
        self._size = size
        self._weight = weight
        self._weighed = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._hits = CACHE_LOOKUPS.labels(name, "hit") if name else None
        self._misses = CACHE_LOOKUPS.labels(name, "miss") if name else None

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Returns the key's entry, which becomes the most recently used one; None if there is none."""
        entry = self._entries.get(key)
        lookups = self._misses if entry is None else self._hits
        if lookups is not None:
            lookups.inc()
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """Keep an entry, and evict the least recently used ones where there is no room."""
        if weight > self._weight / 10:
            return
        if key in self._entries:
            self._weighed -= self._entries.pop(key)[1]
        self._entries[key] = (value, weight)
        self._weighed += weight
        while len(self._entries) > self._size or self._weighed > self._weight:
            self._weighed -= self._entries.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Evict all entries."""
        self._entries.clear()
        self._weighed = 0

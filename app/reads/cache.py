"""A bounded cache that evicts the least recently used entries."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRUCache(Generic[K, V]):
    """At most `size` entries with a total weight of at most `weight`; an entry that weighs more than a tenth of that is
    not stored.
    """

    def __init__(self, size: int, weight: int) -> None:
        self._size = size
        self._weight = weight
        self._weighed = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Returns the entry of the key, and marks it as the most recently used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Stores an entry, and evicts the least recently used ones if there is no room."""
        if weight > self._weight // 10:
            return
        if key in self._entries:
            self._weighed -= self._entries.pop(key)[1]
        self._entries[key] = (value, weight)
        self._weighed += weight
        while len(self._entries) > self._size or self._weighed > self._weight:
            self._weighed -= self._entries.popitem(last=False)[1][1]

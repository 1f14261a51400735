"""Entities to pick from at random, each in the same time however many there are."""

from random import Random
from typing import Generic, TypeVar

K = TypeVar("K", int, str)
V = TypeVar("V")


class Pool(Generic[K, V]):
    """Keys and values; the same puts and removals and the same generator pick the same keys."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}
        self._keys: list[K] = []
        self._places: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        if key not in self._places:
            self._places[key] = len(self._keys)
            self._keys.append(key)
        self._values[key] = value

    def remove(self, key: K) -> None:
        """Fills the gap with the last key."""
        place = self._places.pop(key, None)
        if place is None:
            return
        del self._values[key]
        last = self._keys.pop()
        if last != key:
            self._keys[place] = last
            self._places[last] = place

    def having(self, value: V) -> list[K]:
        """Keys with this value."""
        return [key for key in self._keys if self._values[key] == value]

    def pick(self, random: Random) -> K:
        return self._keys[int(random.random() * len(self._keys))]

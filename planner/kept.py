"""What is kept because it was dear to make: the most recently used, up to a total weight."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key, which together weigh at most `most`. What weighs more than a hundredth of it is not kept.

    So neither many things nor large ones fill the memory, whoever asks for them.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.weight = 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which is now the most recently used; None where it is not kept."""
        kept = self._values.get(key)
        if kept is None:
            return None
        self._values.move_to_end(key)
        return kept[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Keep a value, and forget the least recently used ones that it leaves no room for."""
        if weight * 100 > self.most:
            return
        if key in self._values:
            self.weight -= self._values.pop(key)[1]
        self._values[key] = value, weight
        self.weight += weight
        while self.weight > self.most:
            _, (_, forgotten) = self._values.popitem(last=False)
            self.weight -= forgotten

    def __len__(self) -> int:
        return len(self._values)

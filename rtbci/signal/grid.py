"""A fixed grid on the stream of samples, so that chunk borders cannot matter to what is learned."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Marks after `first` samples and then after every `every` more."""

    first: int
    every: int

    def pieces(self, done: int, n: int) -> Iterator[tuple[int, int, bool]]:
        """Cut a chunk at the marks.

        Parameters
        ----------
        done : int
            Samples seen before the chunk.
        n : int
            Samples in the chunk.

        Yields
        ------
        start, stop : int
            A piece of the chunk, never empty.
        mark : bool
            Whether a mark follows the piece's last sample.
        """
        start = 0
        while start < n:
            stop = self._next(done + start) - done
            yield start, min(stop, n), stop <= n
            start = stop

    def _next(self, count: int) -> int:
        """The first mark beyond `count` samples."""
        if count < self.first:
            return self.first
        return count + self.every - (count - self.first) % self.every

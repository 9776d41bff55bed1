"""What a report may have besides its metrics: a title, sentences, and drawings with their figures."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A drawing, and the figures in it.

    Attributes
    ----------
    title : str
    heads : sequence of str
    rows : sequence of sequence of str
        A cell for each head.
    drawing : str
        HTML that needs nothing from elsewhere.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    drawing: str


@dataclass(frozen=True)
class Section:
    """A title, how to read what follows, and what follows."""

    title: str
    sentences: Sequence[str]
    tables: Sequence[Table]

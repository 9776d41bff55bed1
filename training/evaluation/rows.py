"""One measured number of an experiment, and files of them (JSON lines)."""

import math
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rtbci.errors import UsageError
from rtbci.files import write_report


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure of one subject from one training.

    Attributes
    ----------
    table : str
        The experiment, such as "known subjects".
    variant : str
        What was tried, such as "pooled" or "C-SA".
    setting : str
        Under which condition: a signal level, an amount of calibration; variants are compared within it.
    seed : int
        Of the training. Equal seeds of two variants are taken as a pair.
    subject : str
        On whom it was measured.
    metric : str
        Its name; `training.evaluation.quantities` knows how to write the usual ones.
    value : float
        Shares as shares, not per cents.
    chance : float or None
        What guessing gets of this very metric; None where there is no such thing, as for PSNR.
    n : int
        Clips, windows or pictures that the value rests on.
    """

    table: str
    variant: str
    setting: str
    seed: int
    subject: str
    metric: str
    value: float
    chance: float | None
    n: int

    def __post_init__(self) -> None:
        """Take numpy's numbers for Python's, and refuse what would turn a mean into nonsense.

        Raises
        ------
        UsageError
            If a number is not finite or n is below 1.
        """
        for name, kind in (("seed", int), ("value", float), ("chance", float), ("n", int)):
            number = getattr(self, name)
            if number is not None:
                msgspec.structs.force_setattr(self, name, kind(number))
        if not math.isfinite(self.value) or (self.chance is not None and not math.isfinite(self.chance)):
            raise UsageError(
                f"The row {self.where} has the value {self.value} and the chance {self.chance}; "
                "leave out rows that could not be measured, and give None where there is no chance."
            )
        if self.n < 1:
            raise UsageError(
                f"The row {self.where} rests on n = {self.n}; leave out rows that rest on nothing."
            )

    @property
    def where(self) -> str:
        """Its names, for sentences."""
        parts = (self.table, self.variant, self.setting, f"seed {self.seed}", self.subject, self.metric)
        return " / ".join(part for part in parts if part)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON lines, whole or not at all.

    Raises
    ------
    UsageError
        If the place cannot be written to.
    """
    encoder = msgspec.json.Encoder()
    write_report(path, encoder.encode_lines(list(rows)))


def read_rows(path: Path) -> list[Row]:
    """Read what `write_rows` wrote.

    Raises
    ------
    UsageError
        If the file cannot be read, or a line is not a row.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"The rows {path} cannot be read ({error.strerror}); name another file.") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except (msgspec.DecodeError, UsageError) as error:
            raise UsageError(
                f"{path}, line {number} is not a row ({error}); run the experiment again."
            ) from error
    return rows

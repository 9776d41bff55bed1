"""One measured number of an experiment, and files of them (JSON lines)."""

import math

import msgspec

from rtbci.errors import UsageError


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
    seed : int or None
        Of the training. Equal seeds of two variants are taken as a pair. None of what no seed changes, as a
        linear decoder: it is a pair with every seed.
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
    seed: int | None
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
        seed = "" if self.seed is None else f"seed {self.seed}"
        parts = (self.table, self.variant, self.setting, seed, self.subject, self.metric)
        return " / ".join(part for part in parts if part)

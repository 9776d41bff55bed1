"""What of the generators at hand `rtbci bench generate` measures, and who judges their pictures."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rtbci.errors import RtbciError, UsageError

if TYPE_CHECKING:
    from export.judged import Judged
    from rtbci.bench.rows import Row

T = TypeVar("T")


def check_steps(draws: Path | None, steps: Sequence[int] | None) -> tuple[int, ...]:
    """Give the numbers of steps to draw in; none without a generator that draws.

    Raises
    ------
    UsageError
        If there is nothing to take steps, or it cannot take so many.
    """
    from rtbci.bench.draws import STEPS
    from rtbci.generate.draws import STEPS as KNOWN

    if draws is None:
        if steps:
            raise UsageError("--steps says in how many steps --draws draws; name its folder too.")
        return ()
    for count in steps or ():
        if count not in KNOWN:
            raise UsageError(
                f"--steps {count} is not what the generator that draws has learnt; choose among "
                f"{', '.join(map(str, KNOWN))}."
            )
    return tuple(sorted(set(steps or STEPS)))


def check_codec(folder: Path) -> None:
    """Make sure that there is an autoencoder for the scenes that are judged.

    Raises
    ------
    UsageError
        If there is none.
    """
    if not folder.is_dir():
        raise UsageError(
            f"There is no autoencoder in {folder}, which judging pictures needs; name its folder with "
            "--codec, or give --no-judge."
        )


def chosen_precisions(
    there: Mapping[str, Sequence[str]], wanted: Sequence[str] | None, named: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Of the precisions that each generator is there in, those that are wanted; all if none is named.

    Parameters
    ----------
    there : mapping of str to sequence of str
        Precisions by generator.
    wanted : sequence of str or None
        Precisions.
    named : mapping of str to str, optional
        The generators that were asked for, and the option that did: each must be there in one that is wanted.

    Raises
    ------
    UsageError
        If none of them is there in one that is wanted, or one that was asked for is not.
    """
    every = {precision for some in there.values() for precision in some}
    missing = [precision for precision in wanted or () if precision not in every]
    if missing:
        have = "; ".join(f"{name}: {', '.join(some)}" for name, some in there.items())
        raise UsageError(
            f"Nothing to be measured is there in {missing[0]} ({have}); choose among these, or make it with "
            "`rtbci export generator --precision`."
        )
    for name, option in (named or {}).items():
        if wanted and not set(wanted) & set(there[name]):
            raise UsageError(
                f"What {option} names is there in {', '.join(there[name])} and not in {', '.join(wanted)}; "
                f"give a --precision of these too, or leave {option} out."
            )
    return {name: tuple(p for p in some if not wanted or p in wanted) for name, some in there.items()}


def with_quality(rows: "list[Row]", judged: "list[Judged]") -> "list[Row]":
    """Put what was judged of it into each row; a clip has its keyframe in its middle, and its quality."""
    known = {(one.backend, one.grade, one.steps, one.precision): one.share for one in judged}

    def share(row: "Row") -> "Row":
        grade = "keyframe" if row.grade == "clip" else row.grade
        # The memory has one precision, and it is not named.
        found = known.get((row.backend, grade, row.steps, row.precision if row.steps else ""))
        if found is None:
            return row
        low, high = found.ci95
        return replace(row, quality=round(found.value, 4), quality_ci95=(round(low, 4), round(high, 4)))

    return [share(row) for row in rows]


def judged_text(judged: "list[Judged]") -> str:
    """Say what the quality is: as judged, or as the bundle states it."""
    if not judged:
        return (
            "share of held-out scenes that a classifier names right in pictures of strong, right evidence, "
            "as the bundle's metrics say"
        )
    return (
        f"share of {judged[0].share.n} held-out scenes that one classifier, the scoreboard's, names right in "
        "keyframes and previews of strong, right evidence"
    )


def alone(measure: Callable[..., T], *arguments: object, **options: object) -> T:
    """Measure in a fresh process and take its answer or its error."""
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(measure, *arguments, **options).result()
    except BrokenProcessPool as error:
        raise RtbciError(
            "The process that measured was ended from outside, most likely for want of memory; "
            "free some, or leave out --beside-diffusers."
        ) from error

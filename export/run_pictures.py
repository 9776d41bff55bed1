"""The field's figures of pictures, of an experiment's runs: what their answers would have drawn."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from export.judges import with_memory
from export.painters import Painter, Pictures
from export.watched import pictured, watched_clips
from rtbci.errors import UsageError
from training.evaluation.classifiers import Classifier
from training.evaluation.pictures import evaluate_pictures, picture_rows
from training.evaluation.rows import Row
from training.experiments.material import Material
from training.experiments.queue import Place, setting_of
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment, Variant

KNOWN, UNSEEN = "pictures, known wearers", "pictures, unseen wearers"
FEWEST = 4
"""Clips of a wearer below which there is no score of theirs: each is scored against the others."""
Indices = NDArray[np.int64]
Say = Callable[[str], None]


def picture_figures(
    experiment: Experiment,
    material: Material,
    place: Place,
    seeds: Sequence[int],
    painter: Painter,
    classifiers: Sequence[Classifier],
    clips: int,
    *,
    progress: Say,
    note: Say,
    only: Collection[str] = (),
) -> Iterator[Row]:
    """Draw test clips of known and of unseen wearers from each variant's answers, and score them.

    Parameters
    ----------
    clips : int
        Of each kind of wearer, as many of each, drawn at random from their test blocks; the same for all
        variants.
    progress : callable
        Is told what is being done.
    note : callable
        Is told what was left out, and why.
    only : collection of str
        Names of the variants that count; all where it is empty.

    Raises
    ------
    UsageError
        If there is no such variant, or there are no pictures of the test clips.
    """
    variants = _chosen_variants(experiment, only)
    rng = np.random.default_rng(0)
    runs = [
        (variant, seed, run)
        for variant in variants
        for seed in seeds
        if (run := Run(experiment.settings(variant), material, seed, place.runs)).done
    ]
    for table, tested in ((KNOWN, material.roles.test), (UNSEEN, material.roles.unseen)):
        rows = spread(pictured(material, tested), material.clips.subject, clips, rng)
        if not len(rows) or not runs:
            continue
        score = _Score(material, table, rows, painter, classifiers, progress)
        for variant, seed, run in runs:
            control = variant.name == experiment.baseline
            found = list(score.run(run.make(), variant, seed, control=control))
            if not found:
                note(f"'{variant.name}', seed {seed}: nothing in its answers to these clips can be drawn.")
            yield from found
        yield from score.bounds()


def spread(rows: Indices, subject: Indices, clips: int, rng: np.random.Generator) -> Indices:
    """Draw clips at random, as many of each wearer, and at least `FEWEST`.

    Parameters
    ----------
    rows : ndarray, shape (n,)
        To draw from.
    subject : ndarray
        Whose each row is.
    clips : int
        How many in all.
    rng : numpy.random.Generator
    """
    wearers = np.unique(subject[rows])
    parts = [np.empty(0, dtype=np.int64)]
    for place, wearer in enumerate(wearers):
        own = rows[subject[rows] == wearer]
        count = max(FEWEST, clips // len(wearers) + (place < clips % len(wearers)))
        parts.append(np.sort(rng.choice(own, min(count, len(own)), replace=False)))
    return np.concatenate(parts)


class _Score:
    """Draws the same clips from one run after the other, and scores them wearer by wearer."""

    def __init__(
        self,
        material: Material,
        table: str,
        rows: Indices,
        painter: Painter,
        classifiers: Sequence[Classifier],
        progress: Say,
    ) -> None:
        self._table, self._rows, self._painter = table, rows, painter
        self._setting = setting_of(material.source)
        self._subject = material.clips.subject[rows]
        self._progress = progress
        self._say("what was watched")
        self._watched = watched_clips(material, rows, painter.frames)
        self._classifiers = with_memory(classifiers, self._watched, self._say)

    def run(self, decoded: Decoded, variant: Variant, seed: int, *, control: bool) -> Iterator[Row]:
        """Rows of a run; with those of its control if that is asked for."""
        # A run of own decoders has decoded some wearers only.
        there = np.isin(self._rows, decoded.rows)
        mine = there & ~np.isin(self._subject, self._subject[~there])
        if not mine.any():
            return
        order = np.argsort(decoded.rows)
        at = order[np.searchsorted(decoded.rows[order], self._rows[mine])]

        def say(what: str) -> None:
            self._say(f"{variant.name}, seed {seed}; {what}")

        drawings = [self._painter.draw(decoded, at, say)]
        if control:
            drawings.append(self._painter.control(decoded, at, say))
        for how, clips in chain.from_iterable(drawings):
            yield from self._scored(clips, mine, f"{variant.name}; {how}", seed)

    def bounds(self) -> Iterator[Row]:
        """Rows of what no EEG has a part in."""
        every = np.ones(len(self._rows), dtype=bool)
        for how, clips in self._painter.bounds(self._rows, self._say):
            yield from self._scored(clips, every, how, 0)

    def _scored(self, clips: Pictures, mine: NDArray[np.bool_], variant: str, seed: int) -> Iterator[Row]:
        self._say(f"{variant}: being judged")
        for number in np.unique(self._subject[mine]):
            own = self._subject == number
            if own.sum() < FEWEST:
                continue
            yield from picture_rows(
                evaluate_pictures(self._watched[own], clips[own[mine]], self._classifiers),
                table=self._table,
                variant=variant,
                setting=self._setting,
                seed=seed,
                subject=f"sub{number}",
            )

    def _say(self, what: str) -> None:
        self._progress(f"{self._table}: {what}")


def _chosen_variants(experiment: Experiment, only: Collection[str]) -> list[Variant]:
    names = [variant.name for variant in experiment.variants]
    unknown = [name for name in only if name not in names]
    if unknown:
        raise UsageError(
            f"Experiment '{experiment.name}' has no variant '{unknown[0]}'; take one of {', '.join(names)}."
        )
    return [variant for variant in experiment.variants if not only or variant.name in only]

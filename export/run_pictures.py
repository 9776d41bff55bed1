"""The field's figures of pictures, of an experiment's runs: what their answers would have drawn."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.judges import with_memory
from export.painters import Painter, Pictures
from export.watched import pictured, watched_clips
from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS
from training.evaluation.classifiers import Classifier
from training.evaluation.pictures import evaluate_pictures, picture_rows
from training.evaluation.rows import Row
from training.experiments.material import Material
from training.experiments.queue import Place, setting_of
from training.experiments.runs import Decoded, Run
from training.experiments.settings import LINEAR, Experiment, Variant

KNOWN, UNSEEN = "pictures, known wearers", "pictures, unseen wearers"
FEWEST = 4
"""Clips of a wearer below which there is no score of theirs: each is scored against the others."""
Indices = NDArray[np.int64]
Say = Callable[[str], None]
_COLUMNS = 10
_HOW = "; "
"""Between a variant's name and how its pictures are drawn."""


@dataclass(frozen=True)
class Sheet:
    """Some clips, beside what was drawn of them.

    Attributes
    ----------
    names : tuple of str
        Of each clip.
    strips : list of (str, ndarray)
        In words how it was drawn, and the middle frame of each clip (n, h, w, 3), uint8.
    """

    names: tuple[str, ...]
    strips: list[tuple[str, Pictures]]


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
    show: Callable[[str, Sheet], None] | None = None,
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
    show : callable, optional
        Is given each table's name, and some of its clips at equal steps, as they were watched and drawn.
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
    done = [variant.name for variant, _, _ in runs]
    shown = experiment.baseline if experiment.baseline in done else next(iter(done), "")
    for table, tested in ((KNOWN, material.roles.test), (UNSEEN, material.roles.unseen)):
        rows = spread(pictured(material, tested), material.clips.subject, clips, rng)
        if not len(rows) or not runs:
            continue
        score = _Score(material, table, rows, painter, classifiers, progress)
        for variant, seed, run in runs:
            main = variant.name == shown and seed == seeds[0]
            of = None if experiment.settings(variant).encoder in LINEAR else seed
            found = list(score.run(run.make(), variant, of, main=main))
            if not found:
                note(f"'{variant.name}', seed {seed}: nothing in its answers to these clips can be drawn.")
            yield from found
        yield from score.bounds()
        if show is not None:
            show(table, score.sheet)


def held_against(experiment: Experiment, rows: Sequence[Row]) -> Callable[[str, str], str]:
    """What rows of pictures are held against: the baseline drawn the same way, itself as it is drawn first.

    Where the baseline has no pictures, the first variant that has some takes its place.
    """
    names = [row.variant.partition(_HOW)[0] for row in rows]
    own = experiment.baseline if experiment.baseline in names else names[0]
    ways = [row.variant for row in rows if row.variant.startswith(f"{own}{_HOW}")] or [rows[0].variant]

    def reference(table: str, variant: str) -> str:
        name, _, how = variant.partition(_HOW)
        alike = f"{own}{_HOW}{how}"
        return alike if name != own and alike in ways else ways[0]

    return reference


def judged_clips(rows: Sequence[Row]) -> str:
    """How many clips of how many wearers were judged, in a sentence."""
    parts = []
    for table in dict.fromkeys(row.table for row in rows):
        clips = {row.subject: row.n for row in rows if row.table == table}
        parts.append(f"{sum(clips.values())} test clips of {len(clips)} wearers ({table})")
    return f"Judged were {' and '.join(parts)}, at each level the same."


def write_sheet(folder: Path, setting: str, table: str, sheet: Sheet) -> None:
    """Draw a sheet as ``SETTING-known.png`` or ``SETTING-unseen.png`` in a folder, which is made if need be.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    # Qt, which needs libraries of the system, is for this alone.
    from export.contact_sheet import draw_sheet

    file = folder / f"{setting}-{'known' if table == KNOWN else 'unseen'}.png"
    image = draw_sheet([(how, "", list(pictures)) for how, pictures in sheet.strips], sheet.names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = image.save(str(file), "PNG")
    except OSError:
        written = False
    # Qt says by its answer alone that nothing was written.
    if not written:
        raise UsageError(f"The pictures cannot be written to {file}; name a folder that you can write to.")


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
        at = np.unique(np.linspace(0, len(rows) - 1, _COLUMNS).round().astype(np.int64))
        names = [
            f"{CONCEPTS[material.clips.concept[row]].name}\nsub{subject}"
            for row, subject in zip(rows[at], self._subject[at], strict=True)
        ]
        self._at = at
        self.sheet = Sheet(tuple(names), [("watched", self._middles(self._watched))])

    def run(self, decoded: Decoded, variant: Variant, seed: int | None, *, main: bool) -> Iterator[Row]:
        """Rows of a run; of the main one those of its control too, and it is shown."""
        # A run of own decoders has decoded some wearers only.
        there = np.isin(self._rows, decoded.rows)
        mine = there & ~np.isin(self._subject, self._subject[~there])
        if not mine.any():
            return
        order = np.argsort(decoded.rows)
        at = order[np.searchsorted(decoded.rows[order], self._rows[mine])]

        def say(what: str) -> None:
            self._say(f"{variant.name}{'' if seed is None else f', seed {seed}'}; {what}")

        drawings = [self._painter.draw(decoded, at, say)]
        if main:
            drawings.append(self._painter.control(decoded, at, say))
        for how, clips in chain.from_iterable(drawings):
            if main and mine.all():
                self.sheet.strips.append((how, self._middles(clips)))
            yield from self._scored(clips, mine, f"{variant.name}{_HOW}{how}", seed)

    def bounds(self) -> Iterator[Row]:
        """Rows of what no EEG has a part in."""
        every = np.ones(len(self._rows), dtype=bool)
        for how, clips in self._painter.bounds(self._rows, self._say):
            self.sheet.strips.append((how, self._middles(clips)))
            yield from self._scored(clips, every, how, None)

    def _scored(
        self, clips: Pictures, mine: NDArray[np.bool_], variant: str, seed: int | None
    ) -> Iterator[Row]:
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

    def _middles(self, clips: Pictures) -> Pictures:
        return clips[self._at, clips.shape[1] // 2]

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

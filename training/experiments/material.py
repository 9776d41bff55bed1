"""What an experiment learns from and is judged on: windows, targets, and who may be used for what."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtbci.bundle.schema import Preprocessing
from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.text import embed
from training.audit import audit_split
from training.clips import ClipRows, ClipStore, Kind, make_clips, prior_blocks
from training.experiments.clip_targets import ClipTargets
from training.experiments.net import ATTRIBUTE
from training.experiments.settings import Experiment, Losses, RunSettings
from training.model_settings import STORED
from training.source import Block, Source, stimuli
from training.source_windows import block_spans, held_out_blocks
from training.targets import StoredTargets

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Labels:
    """What each distinct stimulus shows, by the row that a clip has here.

    Attributes
    ----------
    row : dict
        Row of a concept and stimulus.
    attributes : dict of str to (tuple of str, ndarray of int)
        Possible values of each attribute in words, and each row's value or -1 where it is not known.
    text : ndarray, shape (rows, W), float32
        Of mean squared length about 1.
    latent : ndarray, shape (rows, L), float32, or None
        Standardised; None where there are no pictures.
    """

    row: dict[tuple[int, int], int]
    attributes: dict[str, tuple[tuple[str, ...], Ints]]
    text: Floats
    latent: Floats | None

    @classmethod
    def of(
        cls,
        source: Source,
        latent: Mapping[tuple[int, int], Floats] | None = None,
        stored: StoredTargets | None = None,
        learnt: Collection[tuple[int, int]] = (),
    ) -> "Labels":
        """Gather them from a source's clips, and from what `rtbci train targets` has made of those.

        Text and latents are scaled by those that are learnt from (by default, all).
        """
        shown = stimuli(source)
        keys = sorted(shown)
        names = sorted({name for clip in shown.values() for name in clip.attributes})
        attributes = {}
        for name in names:
            given = [shown[key].attributes.get(name) for key in keys]
            values = tuple(sorted({value for value in given if value is not None}))
            attributes[name] = (
                values,
                np.array([-1 if value is None else values.index(value) for value in given]),
            )
        pairs = np.array(keys, dtype=np.int64)
        train = np.array([not learnt or key in learnt for key in keys])
        if stored is not None and stored.latents is not None:
            latent = dict(zip(keys, stored.latents.of(pairs).reshape(len(keys), -1), strict=True))
        if stored is not None and stored.text is not None:
            text = _of_length_one(stored.text.of(pairs).reshape(len(keys), -1), train)
        else:
            text = np.stack([embed(shown[key].caption or CONCEPTS[key[0]].name) for key in keys])
        return cls(
            row={key: index for index, key in enumerate(keys)},
            attributes=attributes,
            text=text.astype(np.float32),
            latent=None if latent is None else _standardised(np.stack([latent[key] for key in keys]), train),
        )

    @cached_property
    def digest(self) -> str:
        """Changes when anything does that can be learnt from them."""
        whole = hashlib.sha256(np.ascontiguousarray(self.text).tobytes())
        if self.latent is not None:
            whole.update(np.ascontiguousarray(self.latent).tobytes())
        for name, (values, which) in sorted(self.attributes.items()):
            whole.update(repr((name, values)).encode() + which.tobytes())
        return whole.hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Roles:
    """Rows of `ClipRows` by what they may be used for; no row has two roles."""

    train: Ints
    validation: Ints
    test: Ints
    """Last blocks of the known."""
    unseen: Ints
    """Last blocks of wearers of whom nothing was learnt."""
    calibration: Ints
    """All other blocks of those, in order of time: a share of them may calibrate."""


class Material:
    """A source's clips, ready for training and evaluation.

    Parameters
    ----------
    source : Source
    experiment : Experiment
        Decides the roles of wearers and blocks, and the lag.
    cache : Path
        Where windows are kept.
    latent : mapping, optional
        Picture latent of each concept and stimulus.
    processes : int
        That make windows, where they are not there yet.
    stored : StoredTargets, optional
        Text embeddings and latents of large models, in place of the small ones.
    store : ClipStore, optional
        The source's windows, if they are made otherwise.

    Raises
    ------
    UsageError
        If the source has too few wearers or blocks, or an unseen wearer is to be calibrated and has nothing
        to calibrate with.
    LeakError
        If the split leaks.
    """

    def __init__(
        self,
        source: Source,
        experiment: Experiment,
        cache: Path,
        latent: Mapping[tuple[int, int], Floats] | None = None,
        processes: int = 2,
        stored: StoredTargets | None = None,
        store: ClipStore | None = None,
    ) -> None:
        self.source, self.experiment = source, experiment
        subjects = source.subjects()
        wanted = experiment.known + experiment.unseen
        if len(subjects) < wanted:
            raise UsageError(
                f"Experiment '{experiment.name}' is about {wanted} wearers, and {source.folder} has "
                f"{len(subjects)}; set `known` and `unseen` in a TOML file of your own that extends it."
            )
        known = subjects[: experiment.known]
        self.known = tuple(source.number(subject) for subject in known)
        self.unseen = tuple(source.number(subject) for subject in subjects[experiment.known : wanted])
        held_out = held_out_blocks(source)
        self._check_calibration(subjects[experiment.known : wanted], held_out)
        self.store: ClipStore = store or make_clips(
            source, cache, Preprocessing(lag_s=experiment.lag_s), known, held_out, processes
        )
        self.clips: ClipRows = self.store.clips((*self.known, *self.unseen))
        self.roles = self._roles(held_out)
        shown = list(zip(self.clips.concept.tolist(), self.clips.stimulus.tolist(), strict=True))
        self.learnt_stimuli = frozenset(shown[row] for row in self.roles.train)
        self.labels = Labels.of(source, latent, stored, self.learnt_stimuli)
        self.label_row: Ints = np.array([self.labels.row[one] for one in shown])
        self.audit = self._audit(prior_blocks(source, known, held_out))
        self._x: dict[tuple[Kind, int], Tensor] = {}

    def x(self, settings: RunSettings) -> Tensor:
        """Windows of all clips as an encoder takes them: (n, 62, T), or (n, 62, 5) for DE; float16."""
        kind: Kind = "aligned" if settings.aligned else "raw"
        factor = 1
        if settings.encoder in ("glmnet", "ridge-de"):
            kind = "de"
        elif settings.encoder == "hrt":
            factor = settings.model.decimate // STORED
        elif settings.encoder == "ridge":
            factor = _RIDGE_DECIMATE
        if (kind, factor) not in self._x:
            # One kind at a time, without a second copy: a lab's windows are gigabytes.
            self._x = {}
            every = (*self.known, *self.unseen)
            _, channels, samples = self.store.x(kind, every[0]).shape
            x = np.empty((len(self.clips), channels, samples // factor), dtype=np.float16)
            start = 0
            for number in every:
                part = self.store.x(kind, number)
                x[start : start + len(part)] = _averaged(part, factor)
                start += len(part)
            self._x = {(kind, factor): torch.from_numpy(x)}
        return self._x[kind, factor]

    def subject(self, rows: Ints) -> Ints:
        """Number of each row's wearer."""
        return self.clips.subject[rows]

    def group(self, rows: Ints) -> Ints:
        """A number for each row's wearer and concept."""
        return self.clips.subject[rows] * len(CONCEPTS) + self.clips.concept[rows]

    def heads(self, losses: Losses) -> dict[str, int]:
        """Name and width of the answers that the losses ask for."""
        heads: dict[str, int] = {}
        if losses.concept > 0:
            heads["concept"] = len(CONCEPTS)
        if losses.text > 0:
            heads["text"] = self.labels.text.shape[1]
        if losses.latent > 0 and self.labels.latent is not None:
            heads["latent"] = self.labels.latent.shape[1]
        if losses.attributes > 0:
            heads |= {ATTRIBUTE + name: len(values) for name, (values, _) in self.labels.attributes.items()}
        return heads

    def targets(self, train: Ints) -> ClipTargets:
        """What each row should be answered with; prototypes come from the training's rows."""
        return ClipTargets(self, train)

    def layer(self, rows: Ints) -> Tensor:
        """Index of each row's subject layer: from 1 for the known, 0 for the others."""
        place = {number: index + 1 for index, number in enumerate(self.known)}
        return torch.tensor([place.get(int(number), 0) for number in self.clips.subject[rows]])

    def calibration(self, subject: int, share: float) -> Ints:
        """First whole slots of a new wearer, as near to a share of all their clips as slots allow."""
        rows = self.roles.calibration[self.clips.subject[self.roles.calibration] == subject]
        count = share * int((self.clips.subject == subject).sum())
        slots = self.clips.slot[rows]
        order = list(dict.fromkeys(slots.tolist()))
        ends = np.cumsum([int((slots == slot).sum()) for slot in order])
        return rows[: int(ends[np.abs(ends - count).argmin()])]

    def _check_calibration(self, unseen: Sequence[str], held_out: Collection[Block]) -> None:
        """Refuse before windows are made what could not be calibrated after."""
        if not any(variant.calibrate for variant in self.experiment.variants):
            return
        for subject in unseen:
            if all(block in held_out for block in self.source.blocks(subject)):
                raise UsageError(
                    f"All that {subject} in {self.source.folder} has is held out for the test, and "
                    f"experiment '{self.experiment.name}' calibrates wearers it has not learnt "
                    f"from; record another session of {subject}, leave the wearer out, or take variants "
                    "without `calibrate`."
                )

    def _roles(self, held_out: Sequence[Block]) -> Roles:
        clips, source = self.clips, self.source
        test = np.zeros(len(clips), dtype=bool)
        validation = np.zeros(len(clips), dtype=bool)
        for subject in source.subjects():
            number = source.number(subject)
            blocks = source.blocks(subject)
            out = [place for place, block in enumerate(blocks) if block in held_out]
            rest = [place for place in range(len(blocks)) if place not in out]
            kept = rest[len(rest) - self.experiment.validation :]
            mine = clips.subject == number
            test |= mine & np.isin(clips.block, out)
            if number in self.known:
                if len(rest) <= self.experiment.validation:
                    raise UsageError(
                        f"{subject} in {source.folder} has {len(blocks)} blocks; one is the test and "
                        f"{self.experiment.validation} are for validation, so nothing is left to learn from."
                    )
                validation |= mine & np.isin(clips.block, kept)
        known = np.isin(clips.subject, self.known)
        rows = np.arange(len(clips))
        return Roles(
            train=rows[known & ~test & ~validation],
            validation=rows[known & validation],
            test=rows[known & test],
            unseen=rows[~known & test],
            calibration=rows[~known & ~test],
        )

    def _audit(self, prior: Sequence[Block]) -> dict[str, Any]:
        """Hold everything that is learnt from against everything that is judged on.

        The whitening's prior is made of whole blocks, what lies between their clips included.
        """
        spans = {
            name: self.clips.where(getattr(self.roles, name)).spans() for name in Roles.__dataclass_fields__
        }
        learnt = {
            "training": spans["train"],
            "early stopping": spans["validation"],
            "normalisation": block_spans(self.source, prior),
        }
        report = {"known": audit_split(learnt, spans["test"])}
        if len(self.roles.unseen):
            report["unseen"] = audit_split(learnt, spans["unseen"], unseen_subjects=True)
        # Of wearers with one session all is held out, and nobody calibrates them: see `_check_calibration`.
        if len(self.roles.unseen) and len(self.roles.calibration):
            report["calibrated"] = audit_split({"calibration": spans["calibration"]}, spans["unseen"])
        return report


_RIDGE_DECIMATE = 4
"""Times `STORED`: linear decoders see 25 values a channel."""


def _averaged(x: NDArray[np.float16], factor: int) -> NDArray[np.float16]:
    if factor == 1:
        return np.asarray(x)
    return x.reshape(*x.shape[:2], -1, factor).mean(axis=3, dtype=np.float32).astype(np.float16)


def _of_length_one(text: Floats, train: NDArray[np.bool_]) -> Floats:
    """Less their mean, of mean squared length 1: so the loss weighs the same whatever the embedding."""
    centred = text - text[train].mean(axis=0)
    return centred / np.sqrt(np.square(centred[train]).sum(axis=1).mean() + 1e-12)


def _standardised(latent: Floats, train: NDArray[np.bool_]) -> Floats:
    learnt = latent[train]
    return ((latent - learnt.mean(axis=0)) / (learnt.std(axis=0) + 1e-6)).astype(np.float32)

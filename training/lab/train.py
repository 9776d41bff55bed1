"""From a source to everything that a bundle needs of its decoder, in one folder."""

import hashlib
import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from safetensors.numpy import save_file

from rtbci import __version__
from rtbci.bundle import Bundle
from rtbci.bundle.schema import EvidenceModel, Metric
from rtbci.errors import UsageError
from training.cohort import HELD_OUT, TRAIN, Windows, load_prior, load_windows
from training.decoder import WEIGHTS_FILE, WindowData, read_decoder, train_windows
from training.evaluate_decoder import EVIDENCE_FILE, METRICS_FILE
from training.experiments.settings import RunSettings
from training.files import replacing
from training.lab.labels import Labels, silent_attributes, source_labels
from training.lab.latents import Latents, clip_latents, fit_clip_latents, generator_digest
from training.lab.measure import fit_model, fit_temperatures, measured
from training.lab.settings import LabSettings
from training.lab.split import Split, audit, split_source
from training.lab.streams import BlockStream, load_stream, make_streams
from training.latents import LATENTS_FILE
from training.seed_dv import SeedDv
from training.simulated import SimulatedCohort
from training.source import Block, Source
from training.source_windows import make_windows
from training.targets import StoredTargets, window_targets

log = logging.getLogger(__name__)

LAB_FILE, TEXT_FILE, PRIOR_FILE = "lab.json", "text.safetensors", "prior_covariance.npy"


class LabRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of which data; ``lab.json``, the last file of a run."""

    identity: str
    data: str
    """What it was trained on, in words."""
    fingerprint: str
    """Of the data; begins with its kind."""
    settings: LabSettings
    silent: tuple[str, ...]
    generator: str
    """Of the generator that the latents are for; see `training.lab.latents.generator_digest`."""
    notes: tuple[str, ...]
    audit: dict[str, Any]
    code_version: str


@dataclass(frozen=True)
class LabRun:
    """Where it goes and by which settings; as `training.decoder.train_windows` takes it."""

    settings: LabSettings
    folder: str

    @property
    def training(self) -> RunSettings:
        """The loop's settings."""
        return self.settings.training

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self.settings.seed


def train_lab(
    source: Source,
    settings: LabSettings,
    folder: Path,
    bundle: Bundle,
    *,
    stored: StoredTargets | None = None,
    codec: Path = Path("runs/codec"),
    deadline: float = math.inf,
    processes: int = 2,
) -> LabRecord:
    """Train, fit and measure a decoder; what was done before is not done again.

    Parameters
    ----------
    source : Source
    settings : LabSettings
    folder : Path
        Of the run: windows, checkpoint, weights, evidence, figures.
    bundle : Bundle
        Whose generator shall draw what is decoded.
    stored : StoredTargets, optional
        What `rtbci train targets` made of the same data.
    codec : Path
        Folder of the trained autoencoder, for latents of drawn clips.
    deadline : float
        On `time.monotonic`.
    processes : int
        That make windows.

    Raises
    ------
    StoppedError
        If the deadline comes first; running again goes on.
    UsageError
        If there is too little data, or the folder is in use or holds a training with other settings or data.
    LeakError
        If the split leaks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            return _train(source, settings, folder, bundle, stored, codec, deadline, processes)
    except Timeout:
        raise UsageError(f"Another training is at work in {folder}; wait for it, or name another.") from None


def read_record(folder: Path) -> LabRecord:
    """What a run made.

    Raises
    ------
    UsageError
        If it is not done, or of another version.
    """
    file = folder / LAB_FILE
    if not file.is_file():
        raise UsageError(
            f"There is no finished decoder in {folder}; train one with "
            f"`rtbci train decoder --data DATA --folder {folder}`."
        )
    try:
        return msgspec.json.decode(file.read_bytes(), type=LabRecord)
    except msgspec.DecodeError as error:
        raise UsageError(f"{file} is of another version ({error}); train in a new folder.") from error


def _train(
    source: Source,
    settings: LabSettings,
    folder: Path,
    bundle: Bundle,
    stored: StoredTargets | None,
    codec: Path,
    deadline: float,
    processes: int,
) -> LabRecord:
    torch.set_num_threads(settings.threads)
    split = split_source(source, settings.validation, settings.unseen)
    audited = audit(source, split, settings.lag_s)
    learnt = _shown(source, split.train)
    labels = source_labels(source, learnt, stored)
    p = settings.preprocessing
    held = (*split.validation, *split.test, *split.new)
    cache = make_windows(source, folder / "windows", p, split.known, held, processes)
    latents, where = clip_latents(
        source, learnt | _shown(source, split.validation), stored, codec, bundle, folder
    )
    weights, made = _identities(settings, cache.name, labels, latents, bundle)
    if (folder / LAB_FILE).is_file() and (done := read_record(folder)).identity == made:
        log.info("done before (%s)", folder)
        return done
    data, train, validation = _data(source, settings, split, labels, cache)
    train_windows(LabRun(settings, str(folder)), data, weights, deadline)
    # Not before: a folder that holds another training is refused there, and what it made stays made.
    (folder / LAB_FILE).unlink(missing_ok=True)
    decoder = read_decoder(folder / WEIGHTS_FILE, settings.training.model)

    make_streams(source, cache, p, held, processes)

    def streams(blocks: Sequence[Block], null: bool) -> list[BlockStream]:
        decimate = settings.training.model.decimate
        return [load_stream(source, cache, block, null, decimate) for block in blocks]

    log.info("fitting the evidence model")
    targets = window_targets(validation, labels.table, settings.smooth_power)
    temperature = fit_temperatures(decoder, validation, targets)
    evidence = fit_model(
        decoder, temperature["concept"], streams(split.validation, False), streams(split.validation, True)
    )
    log.info("measuring")
    taught = len({concept for concept, _ in learnt})
    metrics: list[Metric] = []
    for blocks, words in ((split.test, "held-out blocks, recorded wearers"), (split.new, _UNSEEN)):
        if blocks:
            real, null = streams(blocks, False), streams(blocks, True)
            metrics += measured(decoder, temperature, evidence, real, null, labels.table, taught, words)

    (folder / LATENTS_FILE).unlink(missing_ok=True)
    explained = fit_clip_latents(folder, decoder, train, validation, latents) if latents else None
    notes = _notes(labels, latents is not None, where, explained)
    silent = (*silent_attributes(labels), *(() if (folder / LATENTS_FILE).is_file() else ("latent",)))
    _write(folder, temperature, evidence, metrics, labels, load_prior(cache))
    record = LabRecord(
        identity=made,
        data=_in_words(source, split, len(train.x)),
        fingerprint=f"{_kind(source)}-{cache.name}",
        settings=settings,
        silent=silent,
        generator=generator_digest(bundle),
        notes=notes,
        audit=audited,
        code_version=__version__,
    )
    with replacing(folder / LAB_FILE) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))
    return record


_UNSEEN = "held-out blocks, wearers not learnt from"


def _data(
    source: Source, settings: LabSettings, split: Split, labels: Labels, cache: Path
) -> tuple[WindowData, Windows, Windows]:
    """Windows of the known wearers as the loop takes them, those learnt from, and those for validation."""
    numbers = tuple(source.number(subject) for subject in split.known)
    windows = load_windows(cache, numbers, settings.training.model.decimate)
    kept = np.zeros(len(windows.x), dtype=bool)
    for block in split.validation:
        place = source.blocks(block.subject).index(block)
        kept |= (windows.subject == source.number(block.subject)) & (windows.session == place)
    train, validation = windows.where(windows.purpose == TRAIN), windows.where(kept)
    for what, some in (("learn from", train), ("validate on", validation)):
        if not len(some.x):
            seconds = settings.preprocessing.window_s
            raise UsageError(
                f"The clips in {source.folder} leave no window of {seconds:g} s to {what}; a window must lie "
                "wholly within clips, so show longer ones or several in a row."
            )
    # What is held out for the figures is not even in the loop's memory.
    both = windows.where((windows.purpose == TRAIN) | kept)
    assert ((both.purpose == TRAIN) | (both.purpose == HELD_OUT)).all()
    targets = window_targets(both, labels.table, settings.smooth_power)
    return WindowData(both, numbers, targets), train, validation


def _shown(source: Source, blocks: Sequence[Block]) -> frozenset[tuple[int, int]]:
    """Concept and stimulus of the clips of some blocks."""
    return frozenset((clip.concept, clip.stimulus) for block in blocks for clip in source.clips(block))


def _identities(
    settings: LabSettings,
    windows: str,
    labels: Labels,
    latents: Latents | None,
    bundle: Bundle,
) -> tuple[str, str]:
    """What decides the weights, and what decides all that is made, as short hashes."""
    whole = hashlib.sha256(msgspec.json.encode([settings, windows]))
    for name, values in sorted(labels.table.answers.items()):
        whole.update(name.encode() + np.ascontiguousarray(values).tobytes())
    whole.update(np.ascontiguousarray(labels.table.text).tobytes())
    weights = whole.hexdigest()[:12]
    whole.update(generator_digest(bundle).encode())
    if latents is not None:
        whole.update(repr(latents.shape).encode())
        for key, latent in sorted(latents.table.items()):
            whole.update(repr(key).encode() + latent.tobytes())
    return weights, whole.hexdigest()[:12]


def _write(
    folder: Path,
    temperature: dict[str, float],
    evidence: EvidenceModel,
    metrics: list[Metric],
    labels: Labels,
    prior: NDArray[np.float64],
) -> None:
    fitted = {"temperature": temperature, "evidence": msgspec.to_builtins(evidence)}
    (folder / EVIDENCE_FILE).write_text(json.dumps(fitted, indent=1), encoding="utf-8")
    figures = json.dumps(msgspec.to_builtins(metrics), indent=1)
    (folder / METRICS_FILE).write_text(figures, encoding="utf-8")
    scale = np.array([labels.text_scale], dtype=np.float32)
    save_file(
        {"scale": scale, "mean": labels.text_mean, "concepts": labels.text_concepts}, folder / TEXT_FILE
    )
    np.save(folder / PRIOR_FILE, prior, allow_pickle=False)


def _kind(source: Source) -> str:
    """Begins the fingerprint; the model card takes "simulated" for what it says."""
    if isinstance(source, SeedDv):
        return "seed-dv"
    return "simulated" if isinstance(source, SimulatedCohort) else "recordings"


def _in_words(source: Source, split: Split, windows: int) -> str:
    """What it was trained on, as a bundle's description says it."""
    kind = {"seed-dv": "SEED-DV", "simulated": "simulated wearers", "recordings": "recordings of its own lab"}
    learnt = split.train
    minutes = sum(block.samples / block.rate_hz for block in learnt) / 60
    concepts = len({concept for concept, _ in _shown(source, learnt)})
    sentence = (
        f"Decoder trained on {kind[_kind(source)]}: {_count(len(split.known), 'wearer')}, "
        f"{_count(len(learnt), 'block')} ({minutes:.0f} min, {windows} windows), {concepts} of 40 concepts. "
        f"{_count(len(split.validation), 'further block')} chose its weights and fitted its evidence; "
        f"{_count(len(split.test), 'block')} held out measured it."
    )
    if split.unseen:
        sentence += f" So did {_count(len(split.unseen), 'wearer')} of whom nothing was learnt."
    return sentence


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _notes(labels: Labels, there: bool, where: str, explained: float | None) -> tuple[str, ...]:
    """What was left out and why; one sentence each."""
    notes = []
    if mute := silent_attributes(labels):
        notes.append(f"The data say nothing of {', '.join(mute)}, so it answers nothing of them.")
    if not there:
        notes.append(f"It decodes no picture latents ({where}): the concept alone chooses what is drawn.")
    elif explained is not None and explained <= 0:
        notes.append(
            f"Latents of {where} could not be decoded from the validation blocks at all, so none are given: "
            "the concept alone chooses what is drawn."
        )
    return tuple(notes)

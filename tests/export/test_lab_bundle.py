"""From a folder of own recordings to a bundle that the runtime decodes with."""

import dataclasses
import json
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from export.bundle_writer import sha256_of
from export.lab_bundle import Exported, drawing_for_full_size, drawing_of, export_lab_bundle, latent_for
from rtbci.bundle import Array, Bundle, Engine, Metric, load_bundle
from rtbci.calibrate.calibration import names_tried
from rtbci.calibrate.waveform import RESPONSES
from rtbci.decode import Decoder, EvidenceTrack
from rtbci.errors import StoppedError, UsageError
from rtbci.generate import DecodedEvidence, MemoryGenerator
from rtbci.generate.full_size import Schedule
from rtbci.generate.full_size.engines import FullSizeManifest
from rtbci.generate.full_size.networks import Sizes
from rtbci.signal import Chain
from rtbci.stimuli.concepts import CONCEPT_NAMES
from tests.tiny_bundle import tiny_arrays, tiny_engines, write_tiny_bundle
from tests.training.lab_world import CONCEPTS, lab_settings, without, write_recordings
from training.bundled import BundledEncoder
from training.cohort import load_prior
from training.decoder import WEIGHTS_FILE, read_decoder
from training.experiments.loop import CHECKPOINT
from training.lab.settings import LabSettings
from training.lab.split import split_source
from training.lab.streams import load_stream, stream_of
from training.lab.train import LabRecord, read_record, train_lab
from training.recordings import OwnRecordings
from training.source_windows import chain_of
from training.targets import StoredTargets, TargetTable

STEPS = 120
NO_CODEC = Path("no autoencoder")


@dataclass(frozen=True)
class Lab:
    source: OwnRecordings
    settings: LabSettings
    folder: Path
    generator: Bundle
    record: LabRecord
    exported: Exported
    bundle: Bundle

    def train(self, folder: Path, deadline: float = math.inf, **change) -> LabRecord:
        return train(self.source, self.settings, folder, self.generator, deadline, **change)


def train(source, settings, folder, generator, deadline=math.inf, **change) -> LabRecord:
    return train_lab(
        source, settings, folder, generator, codec=NO_CODEC, deadline=deadline, processes=1, **change
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    root = tmp_path_factory.mktemp("lab")
    torch.set_num_threads(1)
    source = without(OwnRecordings.open(write_recordings(root / "data", wearers=3)), "scene", "sky")
    settings = lab_settings(root, STEPS, unseen=1)
    arrays = tiny_arrays(np.random.default_rng(0)) | {RESPONSES: np.ones((40, 62, 25), np.float32)}
    write_tiny_bundle(root / "tiny", arrays=arrays)
    generator = load_bundle(root / "tiny")
    record = train(source, settings, root / "run", generator)
    drawing = drawing_of(generator)
    exported = export_lab_bundle(
        root / "run", root / "bundle", drawing, name="our-lab", licence="CC-BY-NC-4.0"
    )
    return Lab(source, settings, root / "run", generator, record, exported, load_bundle(root / "bundle"))


def test_the_bundle_says_what_it_is_made_of(lab: Lab) -> None:
    manifest = lab.bundle.manifest
    assert manifest.id.startswith("our-lab-") and manifest.licence == "CC-BY-NC-4.0"
    assert manifest.data_fingerprint.startswith("recordings-")
    assert (
        "2 wearers, 2 blocks (" in manifest.description and lab.generator.manifest.id in manifest.description
    )
    card = (lab.bundle.folder / "MODEL_CARD.md").read_text()
    assert "trained on recordings" in card and "simulated wearers" not in card and "CC-BY-NC-4.0" in card
    assert "No picture latent is decoded" in card and "Nothing taught it scene or sky" in card
    # The generator's own parts are the other bundle's, to the byte.
    for name in ("decoder", "preview"):
        assert manifest.engines[name].sha256 == lab.generator.manifest.engines[name].sha256
    assert manifest.arrays["memory_latents"].sha256 == lab.generator.manifest.arrays["memory_latents"].sha256


def test_every_figure_is_of_held_out_blocks_and_has_its_chance_and_interval(lab: Lab) -> None:
    figures: dict[str, dict[str, Metric]] = {}
    for metric in lab.bundle.manifest.metrics:
        figures.setdefault(metric.split, {})[metric.name] = metric
    recorded, new = (
        figures["held-out blocks, recorded wearers"],
        figures.pop("held-out blocks, wearers not learnt from"),
    )
    assert len(figures) == 1 and recorded.keys() == new.keys() and "window_colour" in new
    for wearers, of in ((2, recorded), (1, new)):
        for name in ("window_top1", "trial_top1", "window_top1_surrogate", "trial_top1_surrogate"):
            metric = of[name]
            assert metric.n == 3 * len(CONCEPTS) * wearers
            assert metric.chance == pytest.approx(1 / len(CONCEPTS), abs=1e-4)
            assert metric.ci95[0] <= metric.value <= metric.ci95[1]
        assert 0 <= of["trial_ece"].value <= 1
    # What is there is found, and in its surrogate nothing is.
    assert recorded["window_top1"].ci95[0] > recorded["window_top1"].chance
    assert recorded["window_top1_surrogate"].value < recorded["window_top1"].value - 0.2


def test_live_windows_are_those_of_the_training_and_the_engines_answer_as_torch(lab: Lab) -> None:
    manifest = lab.bundle.manifest
    split = split_source(lab.source, 1, 1)
    block = split.test[0]
    prior = lab.bundle.array("prior_covariance")
    assert manifest.preprocessing == lab.settings.preprocessing
    np.testing.assert_array_equal(prior, load_prior(next((lab.folder / "windows").iterdir())))
    chain = Chain(chain_of(block, manifest.preprocessing, np.asarray(prior)))
    eeg = np.asarray(lab.source.eeg(block))
    live = np.stack(
        [
            window.z
            for start in range(0, len(eeg), 33)
            for window in chain.push(
                eeg[start : start + 33], np.arange(start, min(start + 33, len(eeg))) / 200
            )
        ]
    )
    trained = stream_of(lab.source, block, manifest.preprocessing, np.asarray(prior)).x
    np.testing.assert_array_equal(live.reshape(len(live), 62, -1, 4).mean(axis=3).astype(np.float16), trained)

    decoder = read_decoder(lab.folder / WEIGHTS_FILE, lab.settings.training.model)
    answers = Decoder(lab.bundle).encode(live[::7])
    with torch.no_grad():
        layer = torch.zeros(len(live[::7]), dtype=torch.int64)
        mixed = decoder.layers(torch.from_numpy(live[::7]), layer)
        plain = decoder.encoder(torch.nn.functional.avg_pool1d(mixed, 8))
    temperature = BundledEncoder(
        decoder.encoder, _temperature(lab), np.zeros((8, 16, 16), np.float32)
    ).temperature
    for name in plain:
        given = answers[name] * temperature.get(name, 1.0)
        np.testing.assert_allclose(given, plain[name].numpy(), atol=2e-4)
    assert lab.exported.parity.encoder < 1e-3


def _temperature(lab: Lab) -> dict[str, float]:
    return json.loads((lab.folder / "evidence.json").read_text())["temperature"]


def test_what_nothing_taught_says_nothing_and_the_concept_draws(lab: Lab) -> None:
    assert lab.bundle.manifest.silent == ("scene", "sky", "latent")
    generator = MemoryGenerator.from_bundle(lab.bundle)
    decoder = Decoder(lab.bundle)
    window = np.random.default_rng(0).standard_normal((62, 400)).astype(np.float32)
    decoded = decoder.decode(window)
    for name in ("scene", "sky"):
        np.testing.assert_array_equal(decoded.logits[name], 0.0)
    assert np.ptp(decoded.logits["colour"]) > 0
    np.testing.assert_allclose(decoded.values["latent"], generator.memory.mean, atol=1e-6)

    track = EvidenceTrack(lab.bundle.manifest.evidence, decoder.questions)
    belief = track.add(decoded)
    evidence = DecodedEvidence(
        posterior=np.eye(40)[3],
        attributes={name: belief.state.posterior(name) for name in lab.bundle.manifest.attributes},
        latent=belief.state.means["latent"].astype(np.float32),
        strength=1.0,
        confidence=1.0,
        window=0,
        context=0,
    )
    assert generator.scene(evidence) == (3, 3)
    assert np.ptp(generator.keyframe(evidence)[0].astype(float)) > 0
    # A preview is of the latent, and there is none: whatever is decoded, it is the library's mean.
    other = dataclasses.replace(evidence, posterior=np.eye(40)[5])
    np.testing.assert_array_equal(generator.preview(other), generator.preview(evidence))
    assert not np.array_equal(generator.keyframe(other), generator.keyframe(evidence))


def test_no_wearer_is_turned_to_those_of_the_bundle_that_draws(lab: Lab) -> None:
    assert "new2source" in names_tried(lab.generator, (), None)
    assert "new2source" not in names_tried(lab.bundle, (), None)
    assert np.asarray(lab.bundle.array("memory_seed")).size


def test_a_training_goes_on_after_a_stop_and_is_not_done_twice(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        lab.train(tmp_path, time.monotonic())
    assert (tmp_path / CHECKPOINT).is_file()
    with pytest.raises(UsageError, match="no finished decoder"):
        export_lab_bundle(tmp_path, tmp_path / "out", drawing_of(lab.generator), name="x", licence="MIT")
    assert lab.train(tmp_path) == lab.record
    assert (tmp_path / "metrics.json").read_bytes() == (lab.folder / "metrics.json").read_bytes()
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.*") if file.name != ".lock"}
    assert lab.train(tmp_path) == lab.record
    after = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.*") if file.name != ".lock"}
    assert before == after


def test_a_finished_run_outlives_the_wrong_settings(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.folder, tmp_path / "run")
    others = msgspec.structs.replace(lab.settings, seed=1)
    with pytest.raises(UsageError, match="name another folder"):
        train(lab.source, others, tmp_path / "run", lab.generator)
    assert read_record(tmp_path / "run") == lab.record


def test_held_out_blocks_change_nothing_that_is_learnt(lab: Lab) -> None:
    split = split_source(lab.source, 1, 1)
    assert [(b.subject, b.session) for b in split.test] == [("w01", "3"), ("w02", "3")]
    assert not set(split.train) & {*split.validation, *split.test}
    cache = next((lab.folder / "windows").iterdir())
    real, null = (load_stream(lab.source, cache, split.test[0], flag, 8) for flag in (False, True))
    assert real.x.shape == null.x.shape and [CONCEPT_NAMES[c] for c in real.clips[::3, 0]] != []
    np.testing.assert_array_equal(real.trial, null.trial)
    assert abs(np.corrcoef(real.x[::5].ravel(), null.x[::5].ravel())[0, 1]) < 0.05


def write_full_size_folder(folder: Path, mean: np.ndarray) -> Path:
    """A full-size generator of which only the picture decoder is asked for anything."""
    folder.mkdir()
    decoder = tiny_engines(folder, np.random.default_rng(0))["decoder"]
    values = {"concepts": np.zeros((40, 2, 3)), "unconditional": np.zeros((2, 3)), "mean_latent": mean}
    for name, value in values.items():
        np.save(folder / f"{name}.npy", value.astype(np.float32))
    engine = Engine(file=decoder.name, sha256=sha256_of(decoder), precision="fp32", inputs=(), outputs=())
    manifest = FullSizeManifest(
        schema_version=1,
        description="For tests.",
        licence="openrail",
        sizes=Sizes(latent=mean.shape, frames=2, tokens=2, width=3),
        schedule=Schedule(),
        engines=dict.fromkeys(("keyframe", "clip", "decoder"), engine),
        weights=(),
        arrays={
            name: Array(
                file=f"{name}.npy",
                sha256=sha256_of(folder / f"{name}.npy"),
                dtype="float32",
                shape=value.shape,
            )
            for name, value in values.items()
        },
    )
    (folder / "full_size.json").write_bytes(msgspec.json.encode(manifest))
    return folder


def test_a_bundle_for_a_full_size_generator_has_its_decoder_and_no_scenes(tmp_path: Path) -> None:
    mean = np.random.default_rng(1).standard_normal((8, 16, 16)).astype(np.float32)
    drawing = drawing_for_full_size(write_full_size_folder(tmp_path / "full", mean))
    rng = np.random.default_rng(0)
    engines = tiny_engines(tmp_path, rng)
    arrays = {name: tiny_arrays(rng)[name] for name in ("prior_covariance", "text_concepts")}
    write_tiny_bundle(
        tmp_path / "bundle",
        engines=drawing.engines | {name: engines[name] for name in ("adapter", "encoder")},
        arrays=drawing.arrays | arrays,
    )
    bundle = load_bundle(tmp_path / "bundle")
    assert "no scenes of its own" in (bundle.folder / "MODEL_CARD.md").read_text()
    memory = MemoryGenerator.from_bundle(bundle).memory
    np.testing.assert_allclose(memory.mean, mean, atol=np.abs(mean).max() / 250)


def test_latents_go_where_they_can_be_drawn(lab: Lab, tmp_path: Path) -> None:
    """Of another autoencoder they are learnt too, for the full-size generator that draws from it."""
    clips = sorted({(c.concept, c.stimulus) for b in blocks(lab) for c in lab.source.clips(b)})
    patterns = np.random.default_rng(0).standard_normal((40, 1, 4, 8, 8)).astype(np.float32)
    row = {clip: place for place, clip in enumerate(clips)}
    table = TargetTable(np.stack([patterns[concept] for concept, _ in clips]), row, (), {})
    shutil.copytree(lab.folder, tmp_path / "run")
    record = lab.train(tmp_path / "run", stored=StoredTargets(None, table))
    assert record.silent == ("scene", "sky") and record.identity != lab.record.identity
    own = dataclasses.replace(drawing_of(lab.generator), mean=patterns[0, 0], digest=None)
    head, notes = latent_for(tmp_path / "run", record, own)
    assert not notes
    decoder = read_decoder(tmp_path / "run" / WEIGHTS_FILE, lab.settings.training.model)
    with torch.no_grad():
        *_, latent = BundledEncoder(decoder.encoder, _temperature(lab), head)(torch.randn(3, 62, 400))
    assert latent.shape == (3, 4, 8, 8)
    mean, (note,) = latent_for(tmp_path / "run", record, drawing_of(lab.generator))
    assert mean.shape == (8, 16, 16) and "4 x 8 x 8" in note


def blocks(lab: Lab):
    return [block for subject in lab.source.subjects() for block in lab.source.blocks(subject)]

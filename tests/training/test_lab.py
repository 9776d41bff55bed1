"""The parts of a laboratory's own decoder; the whole is in tests/export/test_lab_bundle.py."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from rtbci.bundle import load_bundle
from rtbci.bundle.schema import EvidenceModel, Preprocessing
from rtbci.cli.train_decoder import decoder as train_decoder
from rtbci.errors import UsageError
from rtbci.stimuli.concepts import ATTRIBUTES, COLOURS, CONCEPT_NAMES
from rtbci.stimuli.spec import clip_spec
from tests.tiny_bundle import tiny_arrays, write_tiny_bundle
from tests.training.lab_world import lab_settings, write_recordings
from tests.training.recording_files import write_brainvision
from tests.training.tiny_encoder import TINY_MODEL
from training.check_data import open_source
from training.codec import WEIGHTS_FILE, encode_middles
from training.codec_model import Codec
from training.decoder import Decoder
from training.decoder_settings import load_settings
from training.experiments.net import loss_of
from training.experiments.settings import Losses
from training.lab.labels import silent_attributes, source_labels
from training.lab.latents import clip_latents
from training.lab.measure import concept_metrics
from training.lab.settings import load_lab_settings, preset
from training.lab.split import audit, split_source
from training.lab.streams import BlockStream
from training.lab.surrogate import phase_randomised
from training.simulated import SimulatedCohort
from training.source import Clip, DataError
from training.source_windows import grid_windows
from training.targets import StoredTargets, TargetTable, window_targets


@dataclass(frozen=True)
class Shown:
    """A source of which only the clips are asked for."""

    of: tuple[Clip, ...]
    folder: Path = Path("data")

    def subjects(self) -> tuple[str, ...]:
        return ("w01",)

    def blocks(self, subject: str) -> tuple[str, ...]:
        return ("block",)

    def clips(self, block: str) -> tuple[Clip, ...]:
        return self.of


def clip(concept: str, stimulus: int, caption: str = "", **attributes: str) -> Clip:
    return Clip(0, 400, CONCEPT_NAMES.index(concept), 0, 0, stimulus, caption, attributes)


# As SEED-DV's: colours that a bundle does not know, questions that it does not ask, and some left out.
CLIPS = (
    clip("cat", 0, "a red cat", colour="red", speed="slow", human="no"),
    clip("dog", 1, "a white dog", colour="white", speed="fast", human="no"),
    clip("dog", 2, "a dog", speed="fast", human="yes"),
    clip("car", 3, "a blue car", colour="blue", speed="slow", number="one"),
    clip("car", 4, "a green car", colour="green", speed="slow", number="many"),
    clip("piano", -1, "a piano", colour="red"),
)
LEARNT = {(c.concept, c.stimulus) for c in CLIPS[:4]} | {(CLIPS[5].concept, -1)}


def test_labels_are_in_the_bundles_words_and_what_is_not_known_is_no_label() -> None:
    labels = source_labels(Shown(CLIPS), LEARNT)
    answers, row = labels.table.answers, labels.table.row
    # Numbers are labelled in one clip that is learnt from, which teaches nothing; the others not at all.
    assert silent_attributes(labels) == ("number", "scene", "sky")
    colour = answers["colour"]
    assert COLOURS[colour[row[CLIPS[0].concept, 0]].argmax()] == "red"
    for unknown in ((CLIPS[1].concept, 1), (CLIPS[2].concept, 2), (CLIPS[5].concept, -1)):
        assert not colour[row[unknown]].any()
    # Marginals are those of what is learnt from: red and blue, and no green.
    assert dict(zip(COLOURS, colour[0], strict=True)) == {
        **dict.fromkeys(COLOURS, 0.0),
        "red": 0.5,
        "blue": 0.5,
    }
    np.testing.assert_allclose(answers["concept"][0], 1 / 40)
    assert set(answers) == {"concept", "colour", "speed"}


def test_unknown_labels_do_not_count_in_the_loss() -> None:
    answers = {"is_colour": torch.randn(4, 3, requires_grad=True)}
    target = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 1.0, 0], [0, 0, 0]])
    loss = loss_of(answers, {"is_colour": target}, Losses(attributes=1.0))
    known = torch.nn.functional.cross_entropy(answers["is_colour"][[0, 2]], target[[0, 2]])
    torch.testing.assert_close(loss, known)
    loss.backward()
    gradient = answers["is_colour"].grad
    assert gradient[[0, 2]].abs().sum() > 0 and not gradient[[1, 3]].any()
    nothing = loss_of(answers, {"is_colour": torch.zeros(4, 3)}, Losses(attributes=1.0))
    assert nothing.item() == 0.0 and nothing.requires_grad


def test_text_of_large_models_is_learnt_scaled_and_given_as_it_is() -> None:
    rng = np.random.default_rng(0)
    keys = sorted((c.concept, c.stimulus) for c in CLIPS if c.stimulus >= 0)
    values = 5 + 3 * rng.standard_normal((len(keys), 2, 6)).astype(np.float32)
    table = TargetTable(values, {key: row for row, key in enumerate(keys)}, (), {})
    labels = source_labels(Shown(CLIPS), LEARNT, StoredTargets(table, None))
    learnt = [labels.table.row[key] for key in LEARNT]
    assert np.square(labels.table.text[learnt]).sum(axis=1).mean() == pytest.approx(1.0, abs=1e-3)
    for key in keys:
        given = labels.text_scale * labels.table.text[labels.table.row[key]] + labels.text_mean
        np.testing.assert_allclose(given, values[table.row[key]].ravel(), atol=1e-4)
    dog = CONCEPT_NAMES.index("dog")
    mine = [values[table.row[key]].ravel() for key in keys if key[0] == dog]
    np.testing.assert_allclose(labels.text_concepts[dog], np.mean(mine, axis=0), atol=1e-4)
    np.testing.assert_allclose(labels.text_concepts[0 if dog else 1].shape, (12,))


def test_latents_are_taken_where_they_are_the_generators_own(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "tiny")
    bundle = load_bundle(tmp_path / "tiny")
    keys = sorted(key for key in LEARNT if key[1] >= 0)
    row = {key: place for place, key in enumerate(keys)}

    def latents(*shape: int) -> StoredTargets:
        values = np.arange(len(keys) * np.prod(shape), dtype=np.float32).reshape(len(keys), *shape)
        return StoredTargets(None, TargetTable(values, row, (), {}))

    def found(stored: StoredTargets | None):
        return clip_latents(Shown(CLIPS), LEARNT, stored, tmp_path / "none", bundle, tmp_path)

    own = latents(6, 8, 16, 16)
    given, where = found(own)
    assert where == "the targets" and set(given.table) == set(keys)
    middle = own.latents.values[0, 3].reshape(8, 4, 4, 4, 4).mean(axis=(2, 4)).ravel()
    np.testing.assert_allclose(given.table[keys[0]], middle)
    given, _ = found(latents(6, 4, 36, 64))
    assert given.shape == (4, 36, 64) and given.table[keys[0]].shape == (4 * 16,)
    with pytest.raises(UsageError, match="multiples of 4"):
        found(latents(6, 4, 36, 63))
    none, why = found(None)
    assert none is None and "no autoencoder" in why


def test_latents_of_drawn_clips_want_the_generators_own_autoencoder(tmp_path: Path) -> None:
    for seed, name in enumerate(("own", "other")):
        torch.manual_seed(seed)
        (tmp_path / name).mkdir()
        save_file(Codec().state_dict(), tmp_path / name / WEIGHTS_FILE)
    scenes = encode_middles([clip_spec(0, 1), clip_spec(1, 2)], tmp_path / "own")
    scale = np.abs(scenes).max(axis=(0, 2, 3)) / 127
    arrays = tiny_arrays(np.random.default_rng(0), clips=2) | {
        "memory_latents": np.round(scenes / scale[:, None, None])[:, None].repeat(2, axis=1).astype(np.int8),
        "memory_scale": scale,
        "memory_seed": np.array([1, 2]),
    }
    write_tiny_bundle(tmp_path / "tiny", arrays=arrays)
    bundle = load_bundle(tmp_path / "tiny")
    shown = {(3, 7), (5, -1)}
    given, where = clip_latents(Shown(()), shown, None, tmp_path / "own", bundle, tmp_path)
    assert where == "the drawn clips" and set(given.table) == {(3, 7)} and given.table[3, 7].shape == (128,)
    with pytest.raises(UsageError, match="is not the one that the generator"):
        clip_latents(Shown(()), shown, None, tmp_path / "other", bundle, tmp_path)


def test_the_presets_have_the_default_decoders_shape(tmp_path: Path) -> None:
    default = load_settings(Path("training/configs/decoder.toml"))
    (tmp_path / "EEG").mkdir()
    seed_dv, own = load_lab_settings(preset(tmp_path)), load_lab_settings(preset(tmp_path / "ours"))
    assert seed_dv.training.model == own.training.model == default.model
    assert (seed_dv.unseen, own.unseen) == (5, 0)
    assert seed_dv.training == own.training and seed_dv.preprocessing == default.preprocessing


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("subject_layers = true", "subject_layers = false"), "needs `subject_layers` to be true"),
        (("batch = 32", "batch = 32\naligned = false"), "needs `aligned`"),
        (("latent = 0.0", "latent = 0.2"), "fitted when the decoder is trained"),
        (("decimate = 8", "decimate = 20"), "4, 8 or 16"),
        (("seed = 0", "sneed = 0"), "cannot be used"),
    ],
)
def test_settings_that_no_bundle_can_hold(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    lab_settings(tmp_path, 1)
    file = tmp_path / "lab.toml"
    file.write_text(file.read_text().replace(*change))
    with pytest.raises(UsageError, match=sentence):
        load_lab_settings(file)


def test_the_last_blocks_are_held_out_and_the_ones_before_validate() -> None:
    cohort = SimulatedCohort("4", wearers=3, blocks_each=4, slots=4)
    split = split_source(cohort, validation=1, unseen=1)
    assert split.known == ("sub1", "sub2") and split.unseen == ("sub3",)
    parts = (split.train, split.validation, split.test, split.new)
    assert [[b.number for b in part] for part in parts] == [[0, 1, 0, 1], [2, 2], [3, 3], [3]]
    report = audit(cohort, split, 0.1)
    assert report["known"]["learnt"]["training"]["nearest_s"] is None
    with pytest.raises(UsageError, match="set `unseen` lower"):
        split_source(cohort, validation=1, unseen=3)
    with pytest.raises(UsageError, match="too few blocks of sub1 in simulated: 4, where 5 are needed"):
        split_source(cohort, validation=3, unseen=0)


def test_bad_data_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds neither SEED-DV"):
        train_decoder(data=tmp_path, folder=tmp_path / "run")
    few = write_recordings(tmp_path / "few", wearers=1, sessions=2)
    with pytest.raises(UsageError, match=r"too few sessions of w01 .* 2, where 3 are needed"):
        train_decoder(data=few, folder=tmp_path / "run", workers=1)
    bids = tmp_path / "bids" / "sub-w01" / "eeg" / "sub-w01_task-x_eeg.vhdr"
    write_brainvision(bids, np.random.default_rng(0).standard_normal((600, 62)), 200.0)
    events = bids.with_name("sub-w01_task-x_events.tsv")
    events.write_text("onset\tduration\tconcept\n0.5\t2.0\tzebra\n")
    with pytest.raises(DataError, match="no concept 'zebra'"):
        train_decoder(data=tmp_path / "bids", folder=tmp_path / "run")
    with pytest.raises(UsageError, match="simulated cohort's"):
        train_decoder(data=few, config=tmp_path / "decoder.toml")
    assert not (tmp_path / "run" / "lab.json").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"settings": Path("lab.toml")},
        {"targets": Path("targets")},
        {"folder": Path("runs/mine")},
        {"subjects": "1-3"},
        {"unit": "uV"},
        {"generator": Path("bundle")},
        {"codec": Path("runs/codec")},
        {"minutes": 10.0},
        {"workers": 2},
    ],
)
def test_what_is_about_recordings_is_refused_without_them(monkeypatch, given: dict) -> None:
    trained = []
    monkeypatch.setattr("training.decoder.train", trained.append)
    (option,) = given
    with pytest.raises(UsageError, match=f"--{option}; name your recordings with --data"):
        train_decoder(**given)
    assert not trained


def test_clips_that_a_screen_showed_one_after_the_other_have_no_gap(tmp_path: Path) -> None:
    source = open_source(write_recordings(tmp_path, wearers=1, sessions=1))
    (block,) = source.blocks("w01")
    clips = source.clips(block)
    gaps = [b.start - a.start - a.samples for a, b in pairwise(clips)]
    assert any(0 < abs(gap) < 20 for gap in gaps)
    _, which, share = grid_windows(source, block, Preprocessing())
    # Three slots of three clips of 2 s: 8 or 9 windows each, most of them over two clips.
    assert 3 * 8 <= len(which) <= 3 * 9 and ((share >= 0.49) & (share <= 1.0)).all()
    assert (which[:, 0] != which[:, 1]).mean() > 0.5


def test_windows_of_two_clips_count_what_is_known_of_either() -> None:
    labels = source_labels(Shown(CLIPS), LEARNT)
    red, white = (CLIPS[0].concept, 0), (CLIPS[1].concept, 1)

    @dataclass
    class Two:
        clips: np.ndarray
        share: np.ndarray
        null: np.ndarray

    windows = Two(
        np.array([[red, white], [white, white]]), np.array([0.75, 1.0], np.float32), np.zeros(2, bool)
    )
    wanted = window_targets(windows, labels.table, 1.0).of(torch.arange(2), torch.zeros(2, dtype=torch.bool))
    assert wanted["colour"][0, ATTRIBUTES["colour"].index("red")] == pytest.approx(0.75)
    assert wanted["colour"][0].sum() == pytest.approx(0.75) and not wanted["colour"][1].any()


@pytest.mark.parametrize(("taught", "chance"), [(20, 1 / 20), (40, 1 / 40), (3, 1 / 20)])
def test_chance_is_a_guess_among_the_concepts_that_were_taught(taught: int, chance: float) -> None:
    """Twenty concepts, each shown once: so few clips cannot tell that the other twenty never come."""
    torch.manual_seed(0)
    shown = np.arange(0, 40, 2)
    stream = BlockStream(
        x=np.random.default_rng(0).standard_normal((20, 62, 50)).astype(np.float16),
        trial=np.arange(20),
        clips=np.stack([shown, np.arange(20)], axis=1),
        slot=np.arange(20),
    )
    decoder = Decoder(TINY_MODEL, 1).eval()
    found = concept_metrics(decoder, 1.0, EvidenceModel(exponent=0.1, hazard=0.01), [stream], taught, "some")
    chances = {metric.name: metric.chance for metric in found}
    assert chances["window_top1"] == chances["trial_top1"] == pytest.approx(chance, abs=1e-4)


@settings(max_examples=20)
@given(st.integers(40, 400), st.integers(0, 2**32 - 1))
def test_surrogates_keep_spectrum_and_covariance_and_nothing_else(samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    eeg = rng.standard_normal((samples, 4)).cumsum(axis=0) @ rng.standard_normal((4, 4))
    other = phase_randomised(eeg, np.random.default_rng(1))
    before, after = np.fft.rfft(eeg, axis=0), np.fft.rfft(other.astype(float), axis=0)
    scale = np.abs(before).max()
    np.testing.assert_allclose(np.abs(after) / scale, np.abs(before) / scale, atol=1e-5)
    np.testing.assert_allclose(
        np.cov(other.T) / np.abs(np.cov(eeg.T)).max(), np.cov(eeg.T) / np.abs(np.cov(eeg.T)).max(), atol=1e-4
    )
    assert not np.allclose(other, eeg, atol=1e-3 * np.abs(eeg).max())

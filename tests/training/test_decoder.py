from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, REGIONS
from training.augment import Augment
from training.cohort import load_windows, make_cohort
from training.decoder import _identity, cohort_data, load_decoder, train_windows
from training.decoder_settings import DecoderSettings, load_settings
from training.experiments.answers import answers_of
from training.experiments.loop import CHECKPOINT
from training.hrt import Hrt, RegionPerception
from training.own_linear import own_linear_hits, own_linear_metrics

Make = Callable[[Path, int], DecoderSettings]


def test_training_learns_stops_and_goes_on(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 250)
    with pytest.raises(UsageError, match="train one"):
        load_decoder(settings)
    torch.set_num_threads(1)
    cache = make_cohort(settings, settings.cohort.known)
    windows = load_windows(cache, settings.cohort.known, settings.model.decimate)
    data = cohort_data(settings, windows)
    loop = train_windows(settings, data, _identity(settings))
    clear = data.train[~windows.null[data.train]]
    learnt = answers_of(loop.mean.module, loop.x, clear, data.layer(clear), loop.targets.prototypes)
    assert np.mean(learnt["concept"].argmax(axis=1) == windows.clips[clear, 0, 0]) > 0.3
    assert (Path(settings.folder) / CHECKPOINT).is_file()
    # What is there is gone on from wherever it lies, but not with other settings.
    moved = Path(settings.folder).rename(tmp_path / "moved")
    settings = msgspec.structs.replace(settings, folder=str(moved))
    assert train_windows(settings, data, _identity(settings)).progress == loop.progress
    other = msgspec.structs.replace(settings, smooth_power=settings.smooth_power + 1)
    with pytest.raises(UsageError, match="name another folder"):
        train_windows(other, data, _identity(other))
    loop.folder = moved
    decoder = load_decoder(settings)
    eeg = torch.from_numpy(windows.x[:3]).float()
    layer = torch.ones(3, dtype=torch.int64)
    out = decoder(eeg, layer)
    assert out["text"].shape == (3, 64)
    # What is written for export answers as what was trained.
    trained = loop.best(eeg, layer)
    torch.testing.assert_close(out["concept"], trained["concept"])
    torch.testing.assert_close(out["colour"], trained["is_colour"])


def test_what_decides_the_default_decoder_has_kept_its_name() -> None:
    """Or a training that is under way, or done, would be refused and made anew."""
    assert _identity(load_settings(Path("training/configs/decoder.toml"))) == "3f7bccaa6b98"


def test_nulls_and_shared_windows_have_their_own_targets(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 1)
    cache = make_cohort(settings, settings.cohort.known)
    data = cohort_data(settings, load_windows(cache, settings.cohort.known, settings.model.decimate))
    rows = data.train[:6]
    plain = data.targets(data.train).of(rows)
    null = torch.tensor([True] + [False] * 5)
    some = data.targets(data.train).of(rows, null)
    assert torch.allclose(some["concept"][0], torch.full((40,), 1 / 40))
    torch.testing.assert_close(some["concept"][1:], plain["concept"][1:])
    torch.testing.assert_close(plain["concept"].sum(dim=1), torch.ones(6))
    assert set(plain["subject"].tolist()) == {0}


def test_regions_see_only_their_electrodes() -> None:
    perception = RegionPerception((2, 3, 4, 5, 6), 8, 0.0).eval()
    weight = perception.regions.weight * perception.mask
    row = 0
    for (name, columns), size in zip(REGIONS.items(), (2, 3, 4, 5, 6), strict=True):
        outside = [c for c in range(len(CHANNELS)) if c not in columns]
        assert (weight[row : row + size, outside] == 0).all(), name
        assert (weight[row : row + size, list(columns)] != 0).all(), name
        row += size


def test_the_encoder_uses_time_and_place(tiny_settings: Make, tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = Hrt(tiny_settings(tmp_path, 1).model).eval()
    eeg = torch.randn(4, 62, 50)
    base = encoder(eeg)["concept"]
    assert not torch.allclose(base, encoder(eeg.flip(2))["concept"])
    assert not torch.allclose(base, encoder(eeg[:, torch.randperm(62)])["concept"])
    torch.testing.assert_close(base[1:2], encoder(eeg[1:2])["concept"], atol=1e-5, rtol=1e-4)


def test_augmentation_keeps_its_input_and_marks_nulls() -> None:
    generator = torch.Generator().manual_seed(0)
    augment = Augment(generator, noise=0.2, drop_channels=4, null_share=0.25)
    eeg = torch.randn(48, 62, 50).cumsum(dim=2)
    before = eeg.clone()
    out, null = augment(eeg)
    torch.testing.assert_close(eeg, before)
    assert int(null.sum()) == 12
    similar = [np.corrcoef(out[i].ravel(), eeg[i].ravel())[0, 1] for i in range(48)]
    assert max(similar[:12]) < 0.5 < min(similar[12:])
    assert torch.isfinite(out).all()


def test_a_wearers_own_linear_decoder_is_measured_on_sittings_it_never_saw(
    tiny_settings: Make, tmp_path: Path
) -> None:
    settings = tiny_settings(tmp_path, 1)
    # Two sittings, so that one may choose the penalty; 4 is far clearer than life.
    cohort = msgspec.structs.replace(
        settings.cohort, train_snr=(4.0, 4.0, 4.0, 4.0, 0.0), held_out_snr=(4.0, 0.1), session_s=100.0
    )
    settings = msgspec.structs.replace(settings, cohort=cohort)
    np.save(tmp_path / "prior.npy", np.eye(62))
    hits = own_linear_hits(settings, tmp_path, processes=1)
    assert set(hits) == {4.0, 0.1}
    (clear, n), (faint, others) = hits[4.0], hits[0.1]
    # One window a clip of the held-out sitting, but for the last, which the lag cuts off.
    assert n == others == 48
    assert clear > 12 > faint
    faintest, clearest = own_linear_metrics(hits)
    assert faintest.name == "own_subject_linear_top1_snr0.1"
    assert clearest.value == pytest.approx(clear / 48, abs=1e-4)
    assert clearest.chance == 1 / 40 and clearest.split.startswith("own-subject")

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, REGIONS
from training.augment import Augment
from training.cohort import load_windows, make_cohort
from training.decoder import CHECKPOINT_FILE, Trainer, load_decoder
from training.decoder_settings import DecoderSettings
from training.hrt import Hrt, RegionPerception

Make = Callable[[Path, float], DecoderSettings]


def test_training_learns_stops_and_goes_on(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 0.1)
    with pytest.raises(UsageError, match="train one"):
        load_decoder(settings)
    torch.set_num_threads(1)
    cache = make_cohort(settings, settings.cohort.known)
    windows = load_windows(cache, settings.cohort.known, settings.model.decimate)
    trainer = Trainer(settings, windows)
    trainer.run()
    assert trainer.history[-1]["loss"] < trainer.history[0]["loss"]
    assert (Path(settings.folder) / CHECKPOINT_FILE).is_file()
    again = Trainer(settings, windows)
    assert again.step == trainer.step
    for a, b in zip(again.decoder.parameters(), trainer.decoder.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    decoder = load_decoder(settings)
    out = decoder(torch.zeros(3, 62, 50), torch.zeros(3, dtype=torch.int64))
    assert out["concept"].shape == (3, 40)
    assert out["text"].shape == (3, 64)


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
    encoder = Hrt(tiny_settings(tmp_path, 0.1).model).eval()
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

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from devices.simulate import FIRST_CLIP_S
from rtbci.errors import UsageError
from rtbci.signal import Chain, windows_at
from rtbci.stimuli.playlist import WATCHED_SEEDS
from training.cohort import (
    HELD_OUT,
    STREAM,
    TRAIN,
    chain_settings,
    cut,
    load_windows,
    make_cohort,
    record,
    sittings,
)
from training.decoder_settings import DecoderSettings, load_settings
from training.targets import clip_table, window_targets

Make = Callable[[Path, int], DecoderSettings]


def test_windows_are_those_of_the_live_chain(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 1)
    sitting = next(s for s in sittings(settings.cohort, 3) if s.purpose == STREAM)
    data, clips = record(sitting)
    prior = np.eye(62) + 0.1
    windows = cut(sitting, data, clips, settings, prior)
    chain = Chain(chain_settings(settings.preprocessing, prior))
    live = {}
    for start in range(0, len(data), 37):
        piece = data[start : start + 37]
        for window in chain.push(piece, np.arange(start, start + len(piece)) / 200):
            live[window.end] = window.z
    # The cohort's grid is free-running, so it meets the chain's only where their phases happen to agree.
    p = settings.preprocessing
    own = chain_settings(p, prior)
    assert len(live) > 20
    again = windows_at(own, data, sorted(live))
    np.testing.assert_array_equal(again, np.stack([live[end] for end in sorted(live)]))
    assert windows.x.shape[1:] == (62, 100)
    assert np.isfinite(windows.x).all()


def test_labels_follow_the_clips(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 1)
    sitting = next(s for s in sittings(settings.cohort, 3) if s.purpose == STREAM)
    data, clips = record(sitting)
    windows = cut(sitting, data, clips, settings, np.eye(62))
    order = [(clip.concept, clip.seed) for clip in clips]
    shown = [tuple(clip) for clip in windows.clips[:, 0]]
    places = [order.index((int(c), int(s))) for c, s in shown]
    assert places == sorted(places)
    assert set(np.diff(places)) <= {0, 1}
    assert ((windows.share >= 0.5) & (windows.share <= 1.0)).all()
    assert len(data) == 200 * FIRST_CLIP_S + 400 * len(clips)


def test_cohort_is_made_once_and_keeps_seeds_apart(tiny_settings: Make, tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, 1)
    folder = make_cohort(settings, (1, 4), processes=2)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert make_cohort(settings, (1, 4)) == folder
    assert before == {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    known, stream = load_windows(folder, (1,), 8), load_windows(folder, (4,), 8)
    assert known.x.shape[1:] == (62, 50)
    assert set(known.purpose) == {TRAIN, HELD_OUT}
    assert set(stream.purpose) == {STREAM}
    assert known.clips[..., 1].max() < WATCHED_SEEDS.start <= stream.clips[..., 1].min()
    assert known.null.any() and not known.null.all()

    table = clip_table(known.clips)
    targets = window_targets(known, table, power=3.0)
    every = torch.arange(len(known.x))
    wanted = targets.of(every, torch.zeros(len(every), dtype=torch.bool))
    for name in table.answers:
        np.testing.assert_allclose(wanted[name].sum(dim=1).numpy(), 1.0, atol=1e-5)
    np.testing.assert_allclose(wanted["concept"][known.null].numpy(), 1 / 40)
    clear = ~known.null & (known.share > 0.55)
    assert (wanted["concept"].argmax(dim=1).numpy() == known.clips[:, 0, 0])[clear].all()


def test_settings_are_checked(tmp_path: Path) -> None:
    good = Path("training/configs/decoder.toml")
    settings = load_settings(good)
    assert not set(settings.cohort.known) & {*settings.cohort.unseen, *settings.cohort.fitting}
    bad = tmp_path / "bad.toml"
    bad.write_text(good.read_text() + "\nsurprise = 1\n")
    with pytest.raises(UsageError, match="surprise"):
        load_settings(bad)

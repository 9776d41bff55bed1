"""Which electrodes a decoder rests on, and the picture of it."""

import json

import numpy as np
import pytest
from PySide6.QtGui import QImage

from rtbci.errors import UsageError
from rtbci.montage import CHANNELS
from training.evaluation.head_map import draw_importance, write_importance
from training.evaluation.importance import (
    REGION_ELECTRODES,
    permutation_importance,
)
from training.metrics import clustered_mean_interval

CLASSES, SAMPLES = 4, 4
USED = ("O1", "OZ", "P3")


def decoder(seed=0):
    """Return EEG, truths and a linear decoder whose answer lies in three electrodes alone."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, CLASSES, 240)
    weight = np.zeros((CLASSES, len(CHANNELS), SAMPLES))
    columns = [CHANNELS.index(name) for name in USED]
    weight[:, columns] = np.eye(CLASSES)[:, None]
    eeg = weight[true] + rng.standard_normal((240, len(CHANNELS), SAMPLES))
    flat = weight.reshape(CLASSES, -1).T
    return eeg, true, flat


def predict(flat):
    return lambda eeg: eeg.reshape(len(eeg), -1) @ flat


def test_only_electrodes_that_are_used_are_important():
    eeg, true, flat = decoder()
    before = eeg.copy()
    found = permutation_importance(predict(flat), eeg, true, repeats=2)
    assert (eeg == before).all()
    used = np.isin(CHANNELS, USED)
    for part in (found.log_likelihood, found.top1):
        assert (part.values[used] > 0).all()
        assert part.values[~used] == pytest.approx(0, abs=1e-6)
        assert part.shown[used].all()
        assert not part.shown[~used].any()
    assert found.top1.whole == pytest.approx((predict(flat)(eeg).argmax(axis=1) == true).mean())


def test_regions_that_are_used_are_important_and_a_whole_region_more_than_its_electrodes():
    eeg, true, flat = decoder()
    regions = permutation_importance(predict(flat), eeg, true, REGION_ELECTRODES, repeats=2).log_likelihood
    important = {name for name, shown in zip(regions.names, regions.shown, strict=True) if shown}
    assert important == {"occipital", "parietal"}
    electrodes = permutation_importance(predict(flat), eeg, true, repeats=2).log_likelihood
    occipital = regions.values[regions.names.index("occipital")]
    assert occipital > electrodes.values[electrodes.names.index("OZ")]


def test_shuffling_stays_within_a_subject():
    # The answer is whose EEG it is: within a subject every shuffle leaves it as it was.
    subject = np.repeat([0, 1], 40)
    eeg = np.zeros((80, len(CHANNELS), SAMPLES))
    eeg[:, 0] = subject[:, None]
    both = {"one": (0,)}

    def tell(windows):
        return np.stack([1 - windows[:, 0, 0], windows[:, 0, 0]], axis=1) * 5

    kept = permutation_importance(tell, eeg, subject, both, subject=subject)
    assert kept.log_likelihood.values == pytest.approx([0])
    lost = permutation_importance(tell, eeg, subject, both)
    assert lost.log_likelihood.values[0] > 1


def test_an_electrode_of_noise_is_shown_to_matter_about_as_rarely_as_promised():
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((len(CHANNELS) * SAMPLES, CLASSES)) * 0.1
    eeg = rng.standard_normal((300, len(CHANNELS), SAMPLES))
    true = rng.integers(0, CLASSES, 300)
    found = permutation_importance(predict(weight), eeg, true, repeats=3)
    assert found.log_likelihood.shown.mean() < 0.15


def test_intervals_of_clustered_means_cover_the_truth():
    rng = np.random.default_rng(0)
    hits = plain = 0
    for _ in range(300):
        cluster = np.repeat(np.arange(12), 10)
        values = rng.normal(0, 1, 12)[cluster] + rng.normal(0, 0.5, 120)
        low, high = clustered_mean_interval(values, cluster)
        hits += low <= 0 <= high
        low, high = clustered_mean_interval(values, np.arange(120))
        plain += low <= 0 <= high
    assert hits / 300 > 0.91
    assert plain / 300 < 0.75
    assert clustered_mean_interval(np.ones(4), np.zeros(4)) is None


def test_what_does_not_fit_is_refused():
    eeg, true, flat = decoder()
    with pytest.raises(UsageError, match="one of each for every window"):
        permutation_importance(predict(flat), eeg, true[:-1])
    with pytest.raises(UsageError, match="two at least"):
        permutation_importance(predict(flat), eeg, true, cluster=np.zeros(240))
    regions = permutation_importance(predict(flat), eeg, true, REGION_ELECTRODES, repeats=1).top1
    with pytest.raises(UsageError, match="62 electrodes in their order"):
        draw_importance(regions)


def test_the_head_shows_what_matters_filled_and_the_rest_hollow(tmp_path):
    eeg, true, flat = decoder()
    electrodes = permutation_importance(predict(flat), eeg, true, repeats=2).log_likelihood
    regions = permutation_importance(predict(flat), eeg, true, REGION_ELECTRODES, repeats=2).log_likelihood
    said = write_importance(tmp_path / "new", electrodes, regions, "What it <rests> on")
    content = json.loads((tmp_path / "new" / "importance.json").read_text())
    assert content["meaning"] == said
    assert "2 are shown to matter; most occipital" in said[0]
    assert "3 are shown to matter" in said[1]
    page = (tmp_path / "new" / "importance.html").read_text()
    assert "What it &lt;rests&gt; on" in page
    assert page.count("data:image/png;base64,") == 1
    image = QImage.fromData((tmp_path / "new" / "importance.png").read_bytes())
    warm = [
        (x, y)
        for x in range(0, 1080, 4)
        for y in range(300, image.height(), 4)
        if image.pixelColor(x, y).red() > image.pixelColor(x, y).blue() + 60
    ]
    # All warmth on the head lies at the back, where the three electrodes are.
    assert warm
    assert min(y for _, y in warm) > image.height() * 0.6


def test_nothing_is_coloured_where_nothing_is_shown():
    rng = np.random.default_rng(3)
    eeg = rng.standard_normal((40, len(CHANNELS), SAMPLES))
    true = np.resize(np.arange(CLASSES), 40)
    found = permutation_importance(lambda x: np.zeros((len(x), CLASSES)), eeg, true, repeats=1).top1
    image = QImage.fromData(draw_importance(found))
    for x in range(100, 1080, 4):
        for y in range(300, image.height() - 100, 4):
            colour = image.pixelColor(x, y)
            assert colour.red() <= colour.blue()

import numpy as np
import pytest

from rtbci.errors import UsageError
from training.metrics.ssim import psnr, ssim

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def pictures(seed=0, shape=(12, 15, 3)):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, shape, dtype=np.uint8)
    return truth, np.clip(truth + rng.normal(0, 40, shape), 0, 255).astype(np.uint8)


def index(a, b, weights, unbias):
    mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
    var_a = unbias * (weights * (a - mean_a) ** 2).sum()
    var_b = unbias * (weights * (b - mean_b) ** 2).sum()
    cov = unbias * (weights * (a - mean_a) * (b - mean_b)).sum()
    return (2 * mean_a * mean_b + C1) * (2 * cov + C2) / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))


def test_the_uniform_convention_is_its_definition():
    truth, made = pictures()
    weights = np.full((7, 7), 1 / 49)
    values = [
        index(*(p[y : y + 7, x : x + 7, c].astype(float) for p in (truth, made)), weights, 49 / 48)
        for c in range(3)
        for y in range(12 - 6)
        for x in range(15 - 6)
    ]
    assert ssim(truth, made, "uniform") == pytest.approx(np.mean(values), abs=1e-9)


def test_the_gaussian_convention_is_its_definition():
    truth, made = pictures(1)
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(kernel, kernel) / kernel.sum() ** 2
    luma = [np.pad(p @ np.array([0.299, 0.587, 0.114]), 5, mode="symmetric") for p in (truth, made)]
    values = [
        index(*(p[y : y + 11, x : x + 11] for p in luma), weights, 1.0) for y in range(12) for x in range(15)
    ]
    assert ssim(truth, made) == pytest.approx(np.mean(values), abs=1e-9)


@pytest.mark.parametrize("convention", ["gaussian", "uniform"])
def test_each_picture_of_a_clip_is_by_itself(convention):
    truth, made = pictures(2, (2, 3, 16, 16, 3))
    scores = ssim(truth, made, convention)
    assert scores.shape == (2, 3)
    assert scores[1, 2] == pytest.approx(float(ssim(truth[1, 2], made[1, 2], convention)))
    np.testing.assert_allclose(ssim(truth, truth, convention), 1.0)
    assert (scores < 0.99).all()
    np.testing.assert_allclose(ssim(made, truth, convention), scores)


def test_psnr_is_its_definition():
    truth, made = pictures(3, (4, 8, 8, 3))
    error = ((truth.astype(float) - made) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(psnr(truth, made), 20 * np.log10(255 / np.sqrt(error)))


@pytest.mark.parametrize("shape", [(5, 12, 3), (11, 15, 3), (2, 12, 15, 3)])
def test_pictures_that_cannot_be_compared_are_refused(shape):
    for score in (ssim, psnr):
        with pytest.raises(UsageError, match="cannot be compared"):
            score(pictures()[0], np.zeros(shape, dtype=np.uint8))

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from rtbci.generate.sharpness import blurred, sharpness, veil

strengths = st.floats(0, 1)


def random_picture(seed: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def test_no_evidence_means_no_presence_and_full_evidence_a_crisp_picture():
    nothing, full = sharpness(0.0), sharpness(1.0)
    assert nothing.presence == 0 and nothing.blur > 0.1 and nothing.brightness <= 0.5
    assert (full.presence, full.blur, full.brightness) == (1.0, 0.0, 1.0)


@given(strengths, strengths)
def test_more_evidence_never_looks_less_sure(a, b):
    weak, strong = sharpness(min(a, b)), sharpness(max(a, b))
    assert weak.presence <= strong.presence
    assert weak.blur >= strong.blur
    assert weak.brightness <= strong.brightness
    assert weak.mixing <= strong.mixing
    assert weak.refinement <= strong.refinement
    assert weak.steps <= strong.steps
    assert weak.guidance <= strong.guidance


def test_what_is_invented_starts_at_nothing():
    refinements = [
        (s.steps, round(s.refinement, 2), s.guidance) for s in map(sharpness, (0, 0.25, 0.5, 0.75, 1))
    ]
    assert refinements == [(0, 0.0, 1.0), (1, 0.35, 1.0), (2, 0.6, 1.0), (3, 0.75, 1.25), (4, 0.8, 1.5)]


@given(st.floats(allow_nan=False))
def test_strengths_outside_the_range_are_clipped(strength):
    assert sharpness(strength) == sharpness(min(max(strength, 0.0), 1.0))


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_at_strength_zero_no_trace_of_the_picture_is_left(a, b):
    backdrop = blurred(random_picture(7).astype(np.float32), 0.125)
    seen = veil(random_picture(a), backdrop, sharpness(0.0))
    assert np.array_equal(seen, veil(random_picture(b), backdrop, sharpness(0.0)))
    assert seen.std() < 20 and seen.mean() < 80


def test_at_strength_one_the_picture_is_untouched():
    picture = random_picture(1)
    assert np.array_equal(veil(picture, np.zeros((64, 64, 3), np.float32), sharpness(1.0)), picture)


def test_edges_grow_with_strength():
    picture, backdrop = random_picture(1, 256), np.full((256, 256, 3), 110, np.float32)
    edges = [
        np.abs(np.diff(veil(picture, backdrop, sharpness(s)).astype(float), axis=1)).mean()
        for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert edges == sorted(edges) and edges[1] < 0.1 * edges[-1]


@pytest.mark.parametrize("blur", [0.001, 0.003, 0.006, 0.012, 0.03, 0.07, 0.125])
def test_blur_is_a_gaussian_mirrored_at_the_borders(blur):
    # Shapes and noise: edges show a wrong width, noise shows blocks.
    picture = random_picture(3, 256) // 4
    picture[60:200, 100:180] += 120
    before = picture.copy()
    sigma = round(blur * 1024) / 1024 * 256
    expected = gaussian_filter(picture.astype(np.float64), (sigma, sigma, 0), mode="reflect", truncate=6)
    assert np.abs(blurred(picture, blur) - expected).max() < (2.1 if blur > 0.01 else 0.001)
    assert np.array_equal(picture, before)


def test_pictures_of_odd_sizes_are_blurred_too():
    picture = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    expected = gaussian_filter(picture.astype(np.float64), (9, 9, 0), mode="reflect")
    assert np.abs(blurred(picture, 0.1) - expected).max() < 1.5

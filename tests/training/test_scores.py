import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.scores import binomial_interval, calibration_error


@given(st.integers(1, 500), st.data())
def test_interval_holds_the_proportion(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = binomial_interval(hits, n)
    assert 0.0 <= low <= hits / n <= high <= 1.0
    assert low < high


def test_interval_is_the_textbooks() -> None:
    assert binomial_interval(8, 20) == pytest.approx((0.1912, 0.6395), abs=1e-4)


def test_calibration_error_is_the_gap() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 0.9, 20_000)
    honest = rng.random(20_000) < confidence
    sure = rng.random(20_000) < confidence - 0.2
    assert calibration_error(confidence, honest) < 0.02
    assert calibration_error(confidence, sure) == pytest.approx(0.2, abs=0.02)

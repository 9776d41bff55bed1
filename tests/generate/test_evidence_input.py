import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.errors import WireError
from rtbci.generate import from_message
from rtbci.stimuli.concepts import ATTRIBUTES
from rtbci.wire.messages import Evidence, Guess, Times

LATENT = (8, 16, 16)


def message(**changes) -> Evidence:
    fields = {
        "window": 3,
        "context": 1,
        "times": Times(newest=5.0),
        "top": (Guess("cat", 0.5),),
        "attributes": {"colour": Guess("red", 0.65)},
        "chance": 0.025,
        "confidence": 0.5,
        "null_confidence": 0.06,
        "strength": 0.5,
        "word": "strong",
    }
    return Evidence(**(fields | changes))


SIZES = [len(values) for values in ATTRIBUTES.values()]


def buffers(posterior=None, latent=None, attributes=None):
    return (
        np.full(40, 0.025, np.float32) if posterior is None else posterior,
        np.zeros(64, np.float32),
        np.zeros(LATENT, np.float32) if latent is None else latent,
        np.concatenate([np.full(n, 1 / n, np.float32) for n in SIZES]) if attributes is None else attributes,
    )


def read(header, arrays):
    return from_message(header, arrays, ATTRIBUTES, LATENT, 40)


@given(st.integers(0, 10_000))
def test_each_attribute_gets_its_own_part(seed):
    parts = [np.random.default_rng((seed, n)).dirichlet(np.ones(n)).astype(np.float32) for n in SIZES]
    evidence = read(message(), buffers(attributes=np.concatenate(parts)))
    assert list(evidence.attributes) == list(ATTRIBUTES)
    for got, part in zip(evidence.attributes.values(), parts, strict=True):
        assert np.allclose(got, part, atol=1e-6)
        assert got.sum() == pytest.approx(1)


def test_numbers_pass_unchanged_and_the_posterior_sums_to_one():
    posterior = np.arange(1, 41, dtype=np.float32)
    latent = np.random.default_rng(0).standard_normal(LATENT).astype(np.float32)
    evidence = read(message(), buffers(posterior, latent))
    assert np.allclose(evidence.posterior, posterior / posterior.sum())
    assert np.array_equal(evidence.latent, latent)
    assert (evidence.window, evidence.context, evidence.strength) == (3, 1, 0.5)


@pytest.mark.parametrize(
    ("header", "arrays"),
    [
        (message(), buffers(posterior=np.full(39, 0.02, np.float32))),
        (message(), buffers(posterior=np.zeros(40, np.float32))),
        (message(), buffers(posterior=np.full(40, np.nan, np.float32))),
        (message(), buffers(posterior=-np.ones(40, np.float32))),
        (message(), buffers(latent=np.zeros((4, 16, 16), np.float32))),
        (message(), buffers(latent=np.full(LATENT, np.inf, np.float32))),
        (message(strength=float("nan")), buffers()),
        (message(), buffers(attributes=np.full(29, 0.1, np.float32))),
        (message(), buffers(attributes=np.zeros(30, np.float32))),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(header, arrays):
    with pytest.raises(WireError) as caught:
        read(header, arrays)
    assert str(caught.value).endswith(".")

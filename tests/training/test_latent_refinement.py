"""Refined latents: better than the encoder's, each for itself; and work that is stopped is not lost."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from rtbci.errors import UsageError
from training import latent_refinement
from training.codec import WEIGHTS_FILE, decode_latents, encode_frames, load_codec
from training.codec_model import LATENT_LIMIT, LATENT_SHAPE, Codec
from training.codec_rehearsal import FRAMES_FILE
from training.latent_refinement import REFINED_FILE, quantise, refine_latents, refine_memory
from training.metrics.ssim import psnr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An autoencoder that has learnt little: its decoder's colours follow the latent."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("codec")
    codec = Codec()
    with torch.no_grad():
        for name, parameter in codec.named_parameters():
            if name.endswith("second.weight"):
                parameter.mul_(20)
    save_file(codec.state_dict(), folder / WEIGHTS_FILE)
    return folder


@pytest.fixture(scope="module")
def codec(folder):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_codec(folder)
    torch.set_num_threads(threads)


def pictures(n):
    rng = np.random.default_rng(3)
    return np.kron(rng.integers(90, 166, (n, 8, 8, 3)), np.ones((1, 32, 32, 1))).astype(np.uint8)


def test_refined_latents_draw_the_pictures_better_and_more_steps_better_still(codec):
    shown = pictures(2)
    encoded = encode_frames(codec, shown)
    fidelities = [psnr(shown, decode_latents(codec, encoded))]
    fidelities += [
        psnr(shown, decode_latents(codec, refine_latents(codec, shown, encoded, n))) for n in (3, 9)
    ]
    assert (np.diff(fidelities, axis=0) > 0.02).all()


def test_they_stay_within_the_limit_and_the_decoder_as_it_was(codec):
    weights = [parameter.clone() for parameter in codec.parameters()]
    start = np.full((1, *LATENT_SHAPE), LATENT_LIMIT, np.float32)
    refined = refine_latents(codec, pictures(1), start, 2)
    assert np.abs(refined).max() <= LATENT_LIMIT and (refined != start).any()
    assert (start == LATENT_LIMIT).all()
    assert all(torch.equal(a, b) for a, b in zip(weights, codec.parameters(), strict=True))


def test_no_picture_depends_on_its_batch(codec):
    shown = pictures(3)
    encoded = encode_frames(codec, shown)
    alone, together = (refine_latents(codec, shown, encoded, 2, batch) for batch in (1, 3))
    np.testing.assert_allclose(alone, together, atol=0.03)


def test_quantised_latents_are_within_half_a_step():
    clips = np.random.default_rng(0).standard_normal((2, 3, *LATENT_SHAPE)).astype(np.float32)
    stored, scale = quantise(clips)
    assert stored.dtype == np.int8
    assert (np.abs(stored * scale[:, None, None] - clips) <= 0.501 * scale[:, None, None]).all()


def test_the_memory_is_refined_in_place_and_goes_on_after_a_stop(folder, codec, monkeypatch):
    shown = pictures(4).reshape(2, 2, 256, 256, 3)
    encoded = np.stack([encode_frames(codec, clip) for clip in shown])
    before, scale = quantise(encoded)
    np.save(folder / "memory_latents.npy", before)
    np.save(folder / "memory_scale.npy", scale)
    with pytest.raises(UsageError, match="rtbci train memory"):
        refine_memory(folder, 2)
    np.save(folder / FRAMES_FILE, shown)
    monkeypatch.setattr(latent_refinement, "held_out", lambda per_concept: pictures(1))
    refined, real = [], refine_latents

    def dying(codec, some, latents, steps):
        if len(some) == 2:
            refined.append(some)
            if len(refined) == 2:
                raise KeyboardInterrupt
        return real(codec, some, latents, steps)

    monkeypatch.setattr(latent_refinement, "refine_latents", dying)
    with pytest.raises(KeyboardInterrupt):
        refine_memory(folder, 2)
    np.testing.assert_array_equal(np.load(folder / "memory_latents.npy"), before)
    refine_memory(folder, 2)
    # The first clip was not done again.
    assert len(refined) == 3 and np.array_equal(refined[2], shown[1])
    after = np.load(folder / "memory_latents.npy") * np.load(folder / "memory_scale.npy")[:, None, None]
    for old, new, clip in zip(encoded, after, shown, strict=True):
        then, now = (psnr(clip, decode_latents(codec, some.astype(np.float32))) for some in (old, new))
        assert (now > then).all()
    report = json.loads((folder / REFINED_FILE).read_text())
    assert report["steps"] == 2
    for kind in ("memory", "held_out"):
        assert report[kind]["refined"]["psnr"] > report[kind]["encoded"]["psnr"]
    assert not list(folder.glob("*partial*"))

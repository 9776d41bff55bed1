import itertools
import json

import numpy as np
import pytest
import torch

from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.stimuli.spec import clip_spec
from training import codec_seeds
from training.codec import decode_latents, encode_frames, encode_middles, load_codec, to_pictures, to_tensor
from training.codec_data import draw_random, drawn_batches, held_out
from training.codec_metrics import fidelity
from training.codec_model import IMAGE_SIZE, LATENT_LIMIT, LATENT_SHAPE, Codec
from training.codec_optimiser import orthogonal
from training.codec_train import Trainer, TrainSettings


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures():
    return draw_random(np.random.default_rng(0), 4)


def settings(folder, **changes):
    return TrainSettings(folder=folder, minutes=0.02, batch=2, warm_up=2, **changes)


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


def test_shapes_and_bounds(pictures):
    codec = Codec().eval().requires_grad_(False)
    latents = encode_frames(codec, pictures)
    assert latents.shape == (4, *LATENT_SHAPE) and latents.dtype == np.float32
    loud = codec.encoder(1000 * to_tensor(pictures))
    assert loud.abs().max() <= LATENT_LIMIT
    assert decode_latents(codec, latents).shape == (4, IMAGE_SIZE, IMAGE_SIZE, 3)


def test_a_picture_does_not_depend_on_its_batch(pictures):
    codec = Codec().eval().requires_grad_(False)
    assert np.allclose(encode_frames(codec, pictures)[2], encode_frames(codec, pictures[2:3])[0], atol=0.05)


def test_pictures_survive_the_way_to_tensors_and_back(pictures):
    assert np.array_equal(to_pictures(to_tensor(pictures)), pictures)


@pytest.mark.parametrize("shape", [(24, 216), (128, 64), (96, 96)])
def test_updates_are_nearly_orthogonal(shape):
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert singular.min() > 0.3 and singular.max() < 1.4


def test_training_learns_and_goes_on_where_it_was(tmp_path, pictures):
    torch.manual_seed(0)
    trainer = Trainer(settings(tmp_path, noise=0.0))
    batch = to_tensor(pictures[:2])
    losses = [trainer.train_step(batch) for _ in range(12)]
    assert min(losses[-3:]) < 0.85 * losses[0]
    trainer.save(trainer.measure(pictures))
    again = Trainer(settings(tmp_path))
    assert again.step == 12 and not again.frozen
    assert same_weights(again.codec, trainer.codec) and same_weights(again.average, trainer.average)
    assert same_weights(load_codec(tmp_path), trainer.average)
    assert json.loads((tmp_path / "metrics.json").read_text())["step"] == 12
    assert not (tmp_path / "READY").exists()


def test_a_frozen_encoder_stands_still_while_the_decoder_learns(tmp_path, pictures):
    trainer = Trainer(settings(tmp_path))
    batch = to_tensor(pictures[:2])
    trainer.train_step(batch)
    trainer.freeze()
    before = encode_frames(trainer.average, pictures)
    decoder = trainer.average.decoder.layers[0].weight.clone()
    for _ in range(2):
        trainer.train_step(batch)
    assert np.array_equal(encode_frames(trainer.average, pictures), before)
    assert not torch.equal(trainer.average.decoder.layers[0].weight, decoder)
    trainer.save(trainer.measure(pictures))
    assert (tmp_path / "READY").exists()
    assert Trainer(settings(tmp_path)).frozen


def test_known_latents_teach_the_decoder(tmp_path, pictures):
    trainer = Trainer(settings(tmp_path, noise=0.0))
    trainer.freeze()
    latents = torch.from_numpy(encode_frames(trainer.codec, pictures[1:2]))
    losses = [trainer.train_step(to_tensor(pictures[:2]), latents) for _ in range(10)]
    assert min(losses[-3:]) < 0.9 * losses[0]


def test_a_run_ends_by_the_clock_with_a_frozen_encoder(tmp_path, pictures):
    trainer = Trainer(settings(tmp_path))
    result = trainer.run(itertools.repeat(pictures[:2]), pictures)
    assert trainer.progress >= 1.0 and trainer.frozen and result.pictures == 4
    assert (tmp_path / "READY").exists()


def test_without_weights_the_sentence_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"rtbci train codec"):
        load_codec(tmp_path)


def test_middles_are_the_latents_of_the_middle_moment(tmp_path, pictures):
    trainer = Trainer(settings(tmp_path))
    trainer.save(trainer.measure(pictures))
    specs = [clip_spec(0, 1), clip_spec(5, 2)]
    latents = encode_middles(specs, tmp_path)
    assert latents.shape == (2, *LATENT_SHAPE)
    assert np.allclose(latents[1:], encode_middles(specs[1:], tmp_path), atol=0.05)


def test_a_drawing_process_feeds_batches():
    with drawn_batches(2, seed=0) as batches:
        first, second = next(batches), next(batches)
    assert first.shape == (2, IMAGE_SIZE, IMAGE_SIZE, 3) and first.dtype == np.uint8
    assert not np.array_equal(first, second)


def test_held_out_pictures_are_always_the_same_and_cover_all_concepts():
    assert len(held_out(1)) == len(CONCEPTS)
    assert np.array_equal(held_out(1)[:3], held_out(1)[:3])


def test_nobody_is_tested_on_what_was_trained_on():
    ranges = [
        codec_seeds.PLAYLISTS,
        codec_seeds.MEMORY,
        codec_seeds.CODEC_HELD_OUT,
        codec_seeds.CODEC_TRAINING,
    ]
    ordered = sorted(ranges, key=lambda seeds: seeds.start)
    assert all(a.stop <= b.start for a, b in itertools.pairwise(ordered))
    assert codec_seeds.PLAYLISTS.stop == 2**31


def test_fidelity_knows_equal_noisy_and_blurred_pictures(pictures):
    same = fidelity(pictures, pictures)
    assert same.psnr > 90 and same.ssim == pytest.approx(1) and same.sharpness == pytest.approx(1)
    noisy = np.clip(pictures + np.random.default_rng(0).normal(0, 8, pictures.shape), 0, 255).astype(np.uint8)
    assert 29 < fidelity(pictures, noisy).psnr < 32
    flat = np.broadcast_to(pictures.mean(axis=(1, 2), keepdims=True), pictures.shape).astype(np.uint8)
    assert fidelity(pictures, flat).sharpness == 0 and fidelity(pictures, flat).ssim < 0.9

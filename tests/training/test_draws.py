"""The generator that draws: its evidence, its flow, its training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from rtbci.errors import UsageError
from rtbci.generate.draws import STRIDES as RUNTIME_STRIDES
from rtbci.generate.draws import evidence_row
from rtbci.generate.sharpness import sharpness
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.spec import clip_spec
from tests.generate.scenes import evidence
from training.codec import WEIGHTS_FILE
from training.codec_model import LATENT_SHAPE, Codec
from training.draws.curve import PLOT_FILE, Point, read_curve, write_curve
from training.draws.evidence import Labels, decoded_latents, evidence_rows
from training.draws.flow import Batch, draw, flow_loss
from training.draws.model import EVIDENCE, PARTS, STRIDES, Drawer, placed
from training.draws.settings import ModelSettings, TrainSettings
from training.draws.train import WEIGHTS_FILE as DRAWS_FILE
from training.draws.train import Trainer, load_drawer

TINY = ModelSettings(widths=(16, 16), token=16, heads=2, frames=2)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    """An autoencoder that has learnt nothing."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("codec")
    save_file(Codec().state_dict(), folder / WEIGHTS_FILE)
    return folder


@pytest.fixture
def settings(tmp_path, codec):
    return TrainSettings(
        folder=tmp_path, codec=codec, minutes=60, clips=6, held_out=4, batch=8, threads=1, model=TINY
    )


def labels(n):
    return Labels.of([clip_spec(k % len(CONCEPTS), k) for k in range(n)])


def parts(rows):
    ends = np.cumsum(list(PARTS.values())[:-1])
    return dict(zip(PARTS, np.split(rows, ends, axis=1), strict=False))


def test_posteriors_are_right_as_often_as_they_say():
    told = labels(4000)
    rows = evidence_rows(told, np.random.default_rng(0), certain=0.0)
    posterior = parts(rows)["posterior"]
    assert np.allclose(posterior.sum(axis=1), 1, atol=1e-5)
    truth = np.eye(len(CONCEPTS))[told.concept]
    for low, high in ((0.02, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 0.9)):
        some = (posterior > low) & (posterior <= high)
        assert some.sum() > 500
        assert abs(truth[some].mean() - posterior[some].mean()) < 0.04


def test_evidence_tells_of_the_scene_more_the_surer_it_is():
    told = labels(400)
    sure, unsure = (
        parts(evidence_rows(told, np.random.default_rng(1), certain=certain)) for certain in (1.0, 0.0)
    )
    near = [(p["text"] * told.text).sum(axis=1).mean() for p in (sure, unsure)]
    assert near[0] > near[1] + 0.1
    for column, name in enumerate(ATTRIBUTES):
        chosen = np.take_along_axis(sure[name], told.attributes[:, column : column + 1], axis=1)
        assert chosen.mean() > 1.1 / len(ATTRIBUTES[name])


def test_the_runtime_lays_evidence_out_as_the_training_does():
    given = evidence(7, 0.9, attributes={"speed": np.array([0.2, 0.8])})
    row = evidence_row(given, sharpness(0.7))
    assert row.shape == (EVIDENCE,) and RUNTIME_STRIDES == STRIDES
    found = parts(row[None])
    assert found["posterior"].argmax() == 7
    assert np.allclose(found["speed"], [0.2, 0.8])
    assert np.isclose(found["noise"][0, 0], sharpness(0.7).refinement)
    assert np.isclose(np.linalg.norm(found["text"]), 1)


def test_decoded_latents_know_nothing_finer_than_their_places():
    mean, scenes = torch.randn(LATENT_SHAPE), torch.randn(3, *LATENT_SHAPE)
    fine = torch.tensor([1.0, -1.0]).repeat(8)
    first, second = (
        decoded_latents(x, mean, torch.Generator().manual_seed(0)) for x in (scenes, scenes + fine)
    )
    assert torch.allclose(first, second, atol=1e-5)
    assert not torch.allclose(first, decoded_latents(scenes + 1, mean, torch.Generator().manual_seed(0)))


def test_all_networks_together_are_small_enough_to_ship():
    assert 2 * sum(p.numel() for p in Drawer().parameters()) <= 12e6


def test_every_input_counts():
    torch.manual_seed(0)
    drawer = Drawer(TINY).eval().requires_grad_(False)
    for parameter in drawer.parameters():
        # What begins at zero (control, motion) must show too.
        parameter.add_(0.05 * torch.randn_like(parameter))
    latents, told = torch.randn(1, 8, 2, 16, 16), torch.rand(1, EVIDENCE)
    time, stride = torch.tensor([0.5]), torch.eye(len(STRIDES))[:1]
    residuals = drawer.steer(*placed(latents[:, :, 0], 2), time, told)
    usual = drawer(latents, time, stride, told, residuals)
    assert usual.shape == latents.shape
    other_frame = latents.clone()
    other_frame[:, :, 1] += 1
    for changed in (
        drawer(latents, time, stride, told),
        drawer(latents, time + 0.25, stride, told, residuals),
        drawer(latents, time, stride.roll(1, dims=1), told, residuals),
        drawer(latents, time, stride, told.flip(1), residuals),
        # The first frame sees the second one.
        drawer(other_frame, time, stride, told, residuals),
    ):
        assert (changed - usual)[:, :, 0].abs().max() > 1e-4
    assert drawer(latents[:, :, :1], time, stride, told).shape == (1, 8, 1, 16, 16)


class Straight(torch.nn.Module):
    """A flow that goes the same way everywhere."""

    def __init__(self, way):
        super().__init__()
        self.way = way
        self.asked = []

    def forward(self, latents, time, stride, told, residuals=None):
        self.asked.append((float(time[0]), STRIDES[int(stride[0].argmax())]))
        return self.way.expand_as(latents)


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_a_straight_flow_ends_where_it_should_in_any_number_of_steps(steps):
    start, end = torch.randn(2, 8, 1, 4, 4), torch.randn(2, 8, 1, 4, 4)
    flow = Straight(end - start)
    assert torch.allclose(draw(flow, start, torch.zeros(2, EVIDENCE), steps), end, atol=1e-5)
    assert flow.asked == [(k / steps, 1 / steps) for k in range(steps)]


def test_the_right_flow_has_less_loss_than_another():
    start, end = torch.randn(8, 8, 1, 4, 4), torch.randn(8, 8, 1, 4, 4)
    batch = Batch(start, end, torch.zeros(8, EVIDENCE))

    class Known(torch.nn.Module):
        def forward(self, latents, time, stride, told, residuals=None):
            return (end - start)[-len(latents) :] if len(latents) == 8 else (end - start)[: len(latents)]

    known = Known()
    right, none = (
        float(flow_loss(model, known, batch, torch.Generator().manual_seed(0)))
        for model in (known, Straight(torch.zeros(1)))
    )
    assert right < 0 < none


def test_training_lowers_the_loss(settings):
    trainer = Trainer(replace(settings, rate=3e-3, warm_up=1, clip_share=0.0))
    trainer.prepare()
    before = trainer.measure().own
    for _ in range(30):
        trainer.train_step()
    trainer.average.load_state_dict(trainer.drawer.state_dict())
    assert trainer.measure().own < 0.97 * before


def test_a_killed_training_goes_on_where_it_was(settings):
    first = Trainer(replace(settings, clip_share=1.0))
    first.prepare()
    first.train_step()
    first.save()
    corpus = first.corpus.latents.copy()
    again = Trainer(settings)
    assert (again.step, len(again.curve)) == (1, 1) and again.seconds == first.seconds
    for a, b in zip(first.drawer.parameters(), again.drawer.parameters(), strict=True):
        assert torch.equal(a, b)
    again.prepare()
    assert np.array_equal(again.corpus.latents, corpus)
    again.train_step()
    again.save()
    assert [point.step for point in read_curve(settings.folder)] == [1, 2]
    assert (settings.folder / DRAWS_FILE).is_file()
    assert load_drawer(settings.folder).settings == TINY
    with pytest.raises(UsageError, match="another size"):
        Trainer(replace(settings, model=replace(TINY, widths=(16, 32))))


def test_the_clock_ends_it_and_what_is_drawn_by_then_is_learnt_from(settings):
    done = Trainer(replace(settings, minutes=1e-4, clips=45))
    curve = done.run()
    # One round of all concepts, and no more: the time was up.
    assert done.corpus.filled == 40 and len(curve) == 1


def test_latents_of_another_autoencoder_are_refused(settings, tmp_path):
    Trainer(settings)
    other = tmp_path / "other"
    other.mkdir()
    save_file(Codec().state_dict(), other / WEIGHTS_FILE)
    with pytest.raises(UsageError, match="another autoencoder"):
        Trainer(replace(settings, codec=other))


def test_what_is_missing_is_said(settings, tmp_path):
    with pytest.raises(UsageError, match="--device"):
        Trainer(replace(settings, device="nowhere"))
    with pytest.raises(UsageError, match="train codec"):
        Trainer(replace(settings, codec=tmp_path / "none"))
    with pytest.raises(UsageError, match="train generator"):
        load_drawer(tmp_path / "none")


def test_the_curve_is_a_picture_too(tmp_path):
    pytest.importorskip("matplotlib")
    write_curve(tmp_path, [Point(step=1, seconds=60, training=None, own=1, other=1, none=1, clips=1)])
    assert (tmp_path / PLOT_FILE).read_bytes().startswith(b"\x89PNG")

"""The decoders that stand beside HRT are those that were published, at any rate and length."""

import pytest
import torch
from torch import Tensor, nn

from rtbci.errors import UsageError
from training.hrt import parameters
from training.models import EegConformer, EegNet, GlmNet, ShallowConvNet, build_encoder
from training.models.convolution import TimeThenSpace

NAMES = ("conformer", "eegnet", "glmnet", "shallow")


def given(name: str, batch: int, samples: int) -> Tensor:
    return torch.randn(batch, 62, 5 if name == "glmnet" else samples)


@pytest.mark.parametrize(
    ("channels", "samples", "kernel_s", "classes", "published"),
    [(64, 128, 0.5, 2, 2258), (64, 192, 0.5, 2, 2322), (22, 256, 0.25, 4, 1716)],
    ids=["P300", "MRCP", "SMR"],
)
def test_eegnet_has_the_published_parameters(
    channels: int, samples: int, kernel_s: float, classes: int, published: int
) -> None:
    """EEGNet-8,2 in table 3 of Lawhern et al. 2018, with the dense layer of its classes."""
    encoder = EegNet(samples, 128.0, channels=channels, kernel_s=kernel_s)
    assert parameters(encoder) + (encoder.features + 1) * classes == published


@pytest.mark.parametrize(
    ("channels", "samples", "classes", "published"),
    [(64, 128, 2, 104_002), (64, 192, 2, 104_722), (22, 256, 4, 40_644)],
    ids=["P300", "MRCP", "SMR"],
)
def test_shallow_has_the_published_parameters(
    channels: int, samples: int, classes: int, published: int
) -> None:
    """ShallowConvNet in the same table: there with pools of 35 every 7 at 128 Hz."""
    encoder = ShallowConvNet(samples, 128.0, channels=channels, pool_s=35 / 128, stride_s=7 / 128)
    assert parameters(encoder) + (encoder.features + 1) * classes == published


def test_conformer_has_the_published_parameters() -> None:
    """On BCI competition IV 2a: 22 electrodes, 4 s at 250 Hz, 4 classes, 61 tokens of 40."""
    encoder = EegConformer(1000, 250.0, channels=22)
    assert parameters(encoder) + (encoder.features + 1) * 4 == 789_572
    assert encoder.hidden[0].in_features == 61 * 40


def test_glmnet_has_the_published_widths() -> None:
    encoder = GlmNet()
    widths = [
        [(layer.in_features, layer.out_features) for layer in part if isinstance(layer, nn.Linear)]
        for part in (encoder.everything, encoder.local)
    ]
    assert widths == [[(310, 512), (512, 256), (256, 64)], [(60, 512), (512, 256), (256, 64)]]
    assert encoder.occipital == list(range(50, 62))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("samples", "rate_hz"), [(100, 50.0), (400, 200.0), (137, 100.0), (250, 128.0)])
def test_any_rate_length_and_batch(name: str, samples: int, rate_hz: float) -> None:
    torch.manual_seed(0)
    encoder = build_encoder(name, samples, rate_hz).eval()
    eeg = given(name, 4, samples)
    with torch.no_grad():
        features = encoder(eeg)
        assert features.shape == (4, encoder.features)
        torch.testing.assert_close(encoder(eeg[2:3]), features[2:3], atol=1e-4, rtol=1e-4)
        assert torch.equal(encoder(eeg), features)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_learns_and_training_repeats(name: str) -> None:
    def step() -> tuple[nn.Module, Tensor]:
        torch.manual_seed(3)
        encoder = build_encoder(name, 100, 50.0).train()
        out = encoder(given(name, 8, 100))
        (out * torch.randn_like(out)).sum().backward()
        return encoder, out

    encoder, out = step()
    again, same = step()
    assert torch.equal(out, same)
    for (label, a), b in zip(encoder.named_parameters(), again.parameters(), strict=True):
        assert a.grad is not None and a.grad.abs().sum() > 0, label
        assert torch.equal(a.grad, b.grad), label


@pytest.mark.parametrize("name", NAMES)
def test_late_samples_and_every_electrode_count(name: str) -> None:
    torch.manual_seed(0)
    encoder = build_encoder(name, 100, 50.0).eval()
    eeg = given(name, 1, 100).requires_grad_()
    encoder(eeg).square().sum().backward()
    assert eeg.grad is not None
    assert (eeg.grad.abs().sum(dim=(0, 2)) > 0).all()
    if name != "glmnet":
        first, second = eeg.grad.abs().sum(dim=(0, 1)).split(50)
        assert 0.3 < float(second.sum() / first.sum()) < 3.0


def test_one_convolution_is_the_two_that_it_stands_for() -> None:
    torch.manual_seed(0)
    for bias in (False, True):
        both = TimeThenSpace(7, 5, bias=bias)
        eeg = torch.randn(3, 62, 40)
        torch.testing.assert_close(
            both(eeg), both.space(both.time(eeg[:, None]))[:, :, 0], atol=1e-5, rtol=1e-4
        )


def test_eegnet_is_its_two_dimensional_convolutions() -> None:
    torch.manual_seed(0)
    encoder = EegNet(100, 50.0).train()
    with torch.no_grad():
        encoder.space.weight *= 10.0
    pad, convolution, norm = encoder.time
    eeg = torch.randn(6, 62, 100)
    early: list[Tensor] = []
    encoder.early.register_forward_pre_hook(lambda _module, inputs: early.append(inputs[0]))
    encoder(eeg)
    filtered = nn.functional.conv2d(pad(eeg)[:, None], convolution.weight[:, :, None])
    filtered = nn.functional.batch_norm(
        filtered, None, None, norm.weight, norm.bias, training=True, eps=norm.eps
    )
    weight = encoder.space.weight / encoder.space.weight.flatten(1).norm(dim=1)[:, None, None, None]
    wanted = nn.functional.conv2d(filtered, weight, groups=8)[:, :, 0]
    torch.testing.assert_close(early[0], wanted, atol=1e-4, rtol=1e-4)


def test_a_spatial_filter_of_small_norm_is_left_as_it_is() -> None:
    encoder = EegNet(100, 50.0)
    with torch.no_grad():
        encoder.space.weight.fill_(0.01)
        torch.testing.assert_close(encoder._spatial(), torch.full((16, 62), 0.01))


def test_what_cannot_be_made_is_said() -> None:
    with pytest.raises(UsageError, match="no encoder 'hrt'; choose from conformer, eegnet, glmnet, shallow"):
        build_encoder("hrt", 100, 50.0)
    with pytest.raises(UsageError, match="'shallow' has no setting depth; it has filters, kernel_s"):
        build_encoder("shallow", 100, 50.0, depth=2)
    with pytest.raises(UsageError, match="18 samples are too short"):
        build_encoder("conformer", 18, 50.0)
    with pytest.raises(UsageError, match="10 samples are too short for EEGNet"):
        build_encoder("eegnet", 10, 50.0)
    assert build_encoder("shallow", 19, 50.0).features == 40
    assert build_encoder("conformer", 100, 50.0, hidden=()).features == 28 * 40

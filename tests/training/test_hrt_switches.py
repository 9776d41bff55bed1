"""Every stage of the encoder can be switched off, and only that stage goes."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

from export.encoder import GenericAdapter
from rtbci.errors import UsageError
from rtbci.montage import CHANNELS, REGIONS
from training.decoder import Decoder
from training.decoder_settings import DecoderSettings, load_settings
from training.hrt import HEADS, Hrt
from training.model_settings import ModelSettings

CONFIG = Path(__file__).parents[2] / "training" / "configs" / "decoder.toml"
SWITCHES = (
    {},
    {"channel_attention": False},
    {"regional": False},
    {"multi_scale": False},
    {"learnable_query": False},
    {"layers": 0},
    {"drop_regions": ("occipital", "temporal")},
    {
        "channel_attention": False,
        "regional": False,
        "multi_scale": False,
        "learnable_query": False,
        "layers": 0,
    },
)


@pytest.fixture
def model(tiny_settings: Callable[[Path, int], DecoderSettings], tmp_path: Path) -> ModelSettings:
    return tiny_settings(tmp_path, 1).model


def make(model: ModelSettings, **changes: object) -> Hrt:
    torch.manual_seed(0)
    return Hrt(msgspec.structs.replace(model, **changes)).eval()


@pytest.mark.parametrize("changes", SWITCHES, ids=lambda changes: "-".join(changes) or "none")
def test_any_switch_leaves_an_encoder_that_learns_all_it_has(
    model: ModelSettings, changes: dict[str, object]
) -> None:
    encoder = make(model, **changes).train()
    answers = encoder(torch.randn(3, 62, 50))
    assert {name: tuple(answer.shape) for name, answer in answers.items()} == {
        name: (3, size) for name, size in HEADS.items()
    }
    sum(answer.square().sum() for answer in answers.values()).backward()
    without = [name for name, parameter in encoder.named_parameters() if parameter.grad is None]
    assert not without


def test_a_switch_takes_away_its_stage_and_nothing_else(model: ModelSettings) -> None:
    names = set(make(model).state_dict())
    stages = {
        ("channel_attention", False): "perception.attention.",
        ("learnable_query", False): "query",
        ("layers", 0): "blocks.",
    }
    for (field, value), prefix in stages.items():
        gone = names - set(make(model, **{field: value}).state_dict())
        assert gone == {name for name in names if name.startswith(prefix)}, field
    one = make(model, multi_scale=False).scales
    assert [scale.kernel_size for scale in one] == [(11,)]
    assert one[0].out_channels == model.width


def test_settings_written_before_the_switches_mean_all_on(model: ModelSettings) -> None:
    old = {name: value for name, value in msgspec.to_builtins(model).items() if name in _OLD_FIELDS}
    read = msgspec.convert(old, ModelSettings)
    assert read == model
    encoder = make(read)
    assert encoder.query is not None
    assert encoder.perception.attention is not None
    assert set(make(model, drop_regions=("frontal",)).state_dict()) == set(encoder.state_dict())
    assert "kept" not in encoder.state_dict()


_OLD_FIELDS = {
    *("decimate", "region_widths", "width", "kernels", "stride"),
    *("layers", "heads", "queries", "trunk", "dropout"),
}


def test_without_regions_every_feature_sees_every_electrode(model: ModelSettings) -> None:
    perception = make(model, regional=False).perception
    assert (perception.regions.weight * perception.mask != 0).all()
    assert perception.regions.weight.shape == make(model).perception.regions.weight.shape


def test_without_attention_an_electrode_acts_only_on_its_own_account(model: ModelSettings) -> None:
    """Attention lets one electrode's loudness change another region's features."""
    eeg = torch.randn(1, 62, 50)
    louder = eeg.clone()
    louder[:, list(REGIONS["occipital"])] *= 5.0
    frontal = slice(0, model.region_widths[0])
    for attention in (True, False):
        seen: list[torch.Tensor] = []
        perception = make(model, channel_attention=attention).perception
        perception.norm.register_forward_hook(lambda _module, given, _out, seen=seen: seen.append(given[0]))
        perception(eeg)
        perception(louder)
        assert torch.equal(seen[0][:, frontal], seen[1][:, frontal]) is not attention


def test_without_a_query_tokens_are_averaged(model: ModelSettings) -> None:
    encoder = make(model, learnable_query=False, layers=0)
    kept: list[torch.Tensor] = []
    encoder.summary.register_forward_pre_hook(lambda _module, given: kept.append(given[0]))
    tokens: list[torch.Tensor] = []
    encoder.norm.register_forward_hook(lambda _module, _given, out: tokens.append(out))
    encoder.trunk(torch.randn(2, 62, 50))
    torch.testing.assert_close(kept[0], tokens[0].mean(dim=1))


def test_dropped_regions_tell_nothing_even_through_spatial_layers(model: ModelSettings) -> None:
    torch.manual_seed(0)
    decoder = Decoder(msgspec.structs.replace(model, drop_regions=("occipital",)), subjects=1).eval()
    with torch.no_grad():
        decoder.layers.weight += 0.3 * torch.randn(2, 62, 62)
    eeg, layer = torch.randn(2, 62, 50), torch.tensor([0, 1])
    dropped = list(REGIONS["occipital"])
    changed = eeg.clone()
    changed[:, dropped] = torch.randn(2, len(dropped), 50)
    base = decoder(eeg, layer)["concept"]
    assert torch.equal(base, decoder(changed, layer)["concept"])
    changed[:, CHANNELS.index("FZ")] += 1.0
    assert not torch.allclose(base, decoder(changed, layer)["concept"])
    adapted = GenericAdapter(decoder)(eeg[:1])
    torch.testing.assert_close(decoder.encoder(adapted)["concept"], base[:1], atol=1e-5, rtol=1e-4)


def test_heads_may_be_of_any_size(model: ModelSettings) -> None:
    encoder = Hrt(model, {"text": 77 * 768, "latent": 12}).eval()
    answers = encoder(torch.randn(2, 62, 50))
    assert {name: tuple(answer.shape) for name, answer in answers.items()} == {
        "text": (2, 77 * 768),
        "latent": (2, 12),
    }
    assert Hrt(model, {})(torch.randn(2, 62, 50)) == {}


def test_an_unknown_region_is_named(model: ModelSettings, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"'Occipital', which is no region; choose from frontal, .*occipital"
    ):
        make(model, drop_regions=("Occipital",))
    text = CONFIG.read_text()
    file = tmp_path / "settings.toml"
    file.write_text(text.replace("dropout = 0.1", 'dropout = 0.1\ndrop_regions = ["visual"]'))
    with pytest.raises(UsageError, match="drop_regions"):
        load_settings(file)
    file.write_text(
        text.replace("dropout = 0.1", 'dropout = 0.1\ndrop_regions = ["parietal"]\nlayers = 0', 1).replace(
            "layers = 1\n", "", 1
        )
    )
    assert load_settings(file).model.drop_regions == ("parietal",)

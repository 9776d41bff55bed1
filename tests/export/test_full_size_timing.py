import torch

from export.full_size_timing import SD15, time_one_step

TINY = {
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 768,
    "norm_num_groups": 8,
    "attention_head_dim": 8,
}


def test_both_precisions_run_and_say_so():
    before = torch.get_default_dtype()
    for precision in ("bf16", "fp32"):
        (row,) = time_one_step(precision, 64, threads=1, repeats=2, configuration=TINY)
        assert (row.precision, row.steps, row.size, row.frames) == (precision, 1, 64, 1)
        assert row.quality is None and row.p50_ms > 0
    assert torch.get_default_dtype() == before


def test_the_yardstick_has_the_size_of_stable_diffusion_15():
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(**SD15)
    assert sum(p.numel() for p in unet.parameters()) == 859_520_964

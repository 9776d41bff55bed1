"""Settings so small that a whole training fits into a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.decoder_settings import CohortSettings, DecoderSettings, ModelSettings, OptimiserSettings


@pytest.fixture
def tiny_settings() -> Callable[[Path, float], DecoderSettings]:
    return _tiny_settings


def _tiny_settings(folder: Path, minutes: float) -> DecoderSettings:
    return DecoderSettings(
        cache=str(folder / "cohort"),
        folder=str(folder / "run"),
        lag_s=0.1,
        cohort=CohortSettings(
            known=(1,),
            unseen=(3,),
            fitting=(4,),
            session_s=24.0,
            train_snr=(2.0,),
            surrogate_snr=(2.0,),
            held_out_snr=(2.0,),
            stream_s=24.0,
            stream_snr=(2.0,),
            snr_spread=0.1,
            jitter_s=0.25,
        ),
        model=ModelSettings(
            decimate=8,
            region_widths=(4, 4, 4, 4, 8),
            width=24,
            kernels=(5, 11, 21),
            stride=2,
            layers=1,
            heads=2,
            queries=2,
            trunk=32,
            dropout=0.1,
        ),
        optimiser=OptimiserSettings(
            seed=0,
            minutes=minutes,
            batch=32,
            rate=2e-3,
            weight_decay=0.01,
            warm_up=5,
            average=0.9,
            threads=1,
            generic_share=0.5,
            noise=0.2,
            drop_channels=2,
            null_share=0.1,
            attribute_weight=0.1,
            text_weight=0.5,
            smooth_power=3.0,
            evaluate_every_s=1.0,
        ),
    )

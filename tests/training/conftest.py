"""Settings so small that a whole training fits into a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.tiny_encoder import TINY_MODEL
from training.decoder_settings import CohortSettings, DecoderSettings
from training.experiments.settings import Losses, RunSettings


@pytest.fixture
def tiny_settings() -> Callable[[Path, int], DecoderSettings]:
    return _tiny_settings


def _tiny_settings(folder: Path, steps: int) -> DecoderSettings:
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
        seed=0,
        threads=1,
        smooth_power=3.0,
        training=RunSettings(
            subject_layers=True,
            steps=steps,
            batch=32,
            rate=2e-3,
            weight_decay=0.01,
            warm_up=5,
            average=0.9,
            generic_share=0.5,
            noise=0.2,
            drop_channels=2,
            null_share=0.1,
            losses=Losses(attributes=0.1, latent=0.0),
            validate_every=50,
            patience=100,
            precision="no",
            model=TINY_MODEL,
        ),
    )

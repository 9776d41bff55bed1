"""What experiments' answers would have drawn, whatever answers a variant has."""

from types import SimpleNamespace

import numpy as np
import pytest

from export.drawing import open_generator
from export.run_pictures import CRISP, LIVE, picture_figures
from rtbci.bundle import EvidenceModel
from tests.tiny_bundle import write_tiny_bundle
from tests.training.experiment_world import material
from training.experiments.queue import Place
from training.experiments.runs import Decoded
from training.experiments.settings import Variant
from training.latents import CHANNELS, COARSE

WHOLE, WITHOUT, OWN = "whole", "without latent", "own subjects"


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    write_tiny_bundle(folder)
    return open_generator(folder)


def test_every_variant_that_decoded_the_clips_is_drawn(tmp_path, monkeypatch, generator):
    made = material(tmp_path / "cache")
    tested = np.concatenate([made.roles.test, made.roles.unseen])

    def answered(settings, *_):
        rows = tested[:1] if settings.own_subjects else tested
        logits = np.zeros((len(rows), 40), np.float32)
        logits[np.arange(len(rows)), made.clips.concept[rows]] = 9.0
        answers = {"concept": logits}
        if settings.losses.latent:
            answers["latent"] = np.ones((len(rows), CHANNELS * COARSE**2), np.float32)
        return SimpleNamespace(done=True, make=lambda: Decoded(rows, logits, answers))

    monkeypatch.setattr("export.run_pictures.Run", answered)
    experiment = SimpleNamespace(
        variants=[
            Variant(name=WHOLE),
            Variant(name=WITHOUT, change={"losses": {"latent": 0.0}}),
            Variant(name=OWN, change={"own_subjects": 1}),
        ],
        settings=made.experiment.settings,
    )
    said = []
    rows = list(
        picture_figures(
            experiment,
            made,
            Place(tmp_path, tmp_path / "no codec"),
            [0],
            generator,
            EvidenceModel(exponent=1.0, hazard=0.05),
            (),
            16,
            said.append,
        )
    )
    drawn = {(row.table, row.variant) for row in rows}
    assert drawn == {
        (f"pictures, {who} wearers", f"{name}; {how}")
        for who in ("known", "unseen")
        for name in (WHOLE, WITHOUT)
        for how in (CRISP, LIVE)
    }
    assert sum(OWN in line and "not drawn" in line for line in said) == 2
    figures = {(row.variant, row.subject, row.metric): row.value for row in rows}
    assert any(
        figures[f"{WHOLE}; {CRISP}", who, metric] != figures[f"{WITHOUT}; {CRISP}", who, metric]
        for name, who, metric in figures
        if name == f"{WHOLE}; {CRISP}"
    )

"""The scoreboard: what it gives generators of which everything is known."""

import numpy as np
import pytest
import torch

from export.scoreboard import CEILING, WRONG, Judges, compare_generators, held_out_scenes
from rtbci.generate import SceneMemory
from rtbci.stimuli.concepts import ATTRIBUTES, CONCEPTS
from rtbci.stimuli.spec import clip_spec
from training.codec_model import LATENT_SHAPE, Codec
from training.codec_seeds import CODEC_HELD_OUT
from training.evaluation.guesser import small
from training.evaluation.motion import flicker, motion, motion_place
from training.evaluation.scoreboard import scoreboard_lines, scoreboard_markdown
from training.evaluation.summaries import summarise_rows

FRAMES = 3


class Knowing:
    """Draws the very scene that its evidence names, found by its context."""

    frames = FRAMES

    def __init__(self, scenes):
        self.clips, self.specs = scenes.clips, scenes.specs

    def clip(self, evidence):
        # Timed evidence has contexts beyond the scenes.
        return iter(self.clips[evidence.context % len(self.clips)])

    def keyframe(self, evidence):
        """Of the concept that it is told, which in evidence that is wrong is not the watched one."""
        told = int(evidence.posterior.argmax())
        return self.clips[told][FRAMES // 2][None]

    def preview(self, evidence):
        """Draw the scene at half size."""
        return self.clips[evidence.context % len(self.clips)][FRAMES // 2][None, ::2, ::2]

    def scene(self, evidence):
        """Say what it draws, as a stored scene of its own."""
        spec = self.specs[evidence.context % len(self.clips)]
        return spec.concept, spec.seed


class Grey(Knowing):
    """Draws nothing."""

    def scene(self, evidence):
        return None

    def preview(self, evidence):
        return np.full_like(self.clips[0][:1], 128)

    def clip(self, evidence):
        return iter(np.full_like(self.clips[0], 128))

    def keyframe(self, evidence):
        return np.full_like(self.clips[0][:1], 128)


class Recognising:
    """Names what is nearest; for the judges' parts of concept, speed and attribute."""

    def __init__(self, scenes, attribute=""):
        self.attribute = attribute
        self.known = small(scenes.clips[:, FRAMES // 2]).astype(float)
        self.specs = scenes.specs

    def nearest(self, pictures):
        seen = small(pictures).astype(float)
        return [int(np.abs(self.known - one).mean(axis=(1, 2, 3)).argmin()) for one in seen]

    def named(self, pictures):
        return np.array([getattr(self.specs[k], self.attribute) for k in self.nearest(pictures)])

    def scores(self, shown):
        clips = shown.ndim == 5
        found = [self.specs[k] for k in self.nearest(shown[:, FRAMES // 2] if clips else shown)]
        classes = [2 * s.concept + s.speed if clips else s.concept for s in found]
        return np.log(np.eye(80 if clips else 40)[classes] + 1e-6)


@pytest.fixture(scope="module")
def rows():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    codec = Codec().eval().requires_grad_(False)
    scenes = held_out_scenes(codec, FRAMES, 1)
    n = 4
    memory = SceneMemory(
        np.random.default_rng(0).integers(-127, 128, (n, FRAMES, *LATENT_SHAPE), dtype=np.int8),
        np.full(LATENT_SHAPE[0], 0.02, np.float32),
        np.arange(n),
        np.zeros((n, len(ATTRIBUTES)), int),
        {name: len(values) for name, values in ATTRIBUTES.items()},
        np.arange(n),
    )
    eyes = [Recognising(scenes, "colour"), Recognising(scenes, "number")]
    judges = Judges(Recognising(scenes), Recognising(scenes), eyes)
    contenders = {"knowing": Knowing(scenes), "grey": Grey(scenes)}
    yield compare_generators(contenders, memory, codec, judges, per_concept=1)
    torch.set_num_threads(threads)


def mean(rows, variant, metric, setting="right evidence, strength 1"):
    values = [r.value for r in rows if (r.variant, r.metric, r.setting) == (variant, metric, setting)]
    assert len(values) == len(CONCEPTS)
    return np.mean(values)


def test_one_who_knows_gets_everything(rows):
    for metric in ("concept_obeyed", "colour_obeyed", "number_obeyed", "speed_obeyed", "motion_place"):
        assert mean(rows, "knowing", metric) == pytest.approx(1)
    for metric in ("sharpness", "motion", "flicker", "novelty"):
        assert mean(rows, "knowing", metric) == pytest.approx(1, abs=0.01)
    assert mean(rows, "knowing", "psnr") > 100 and mean(rows, "knowing", "ssim") == pytest.approx(1)


def test_previews_are_held_against_what_was_watched_at_its_own_size(rows):
    # Half size costs detail, and little else.
    assert mean(rows, "grey", "preview_psnr") + 5 < mean(rows, "knowing", "preview_psnr") < 40
    assert mean(rows, "grey", "preview_ssim") + 0.1 < mean(rows, "knowing", "preview_ssim") < 1
    assert 0.4 < mean(rows, "knowing", "preview_sharpness") < 1


def test_one_who_draws_nothing_gets_nothing(rows):
    for metric in ("sharpness", "preview_sharpness", "motion", "motion_place", "flicker"):
        assert mean(rows, "grey", metric) == 0
    assert mean(rows, "grey", "concept_obeyed") < 0.1


def test_the_shown_scene_is_held_against_the_watched_one_where_one_is_shown(rows):
    for name in ATTRIBUTES:
        assert mean(rows, "knowing", f"{name}_matched") == 1
        assert not [row for row in rows if (row.variant, row.metric) == ("grey", f"{name}_matched")]
    (chance,) = {r.chance for r in rows if (r.subject, r.metric) == (CONCEPTS[0].name, "speed_matched")}
    # The memory's one scene of this concept is slow.
    assert chance == float(clip_spec(0, CODEC_HELD_OUT.start + 2**23).speed == 0)
    # Of concepts that the memory lacks there is no chance to speak of.
    assert {r.chance for r in rows if (r.subject, r.metric) == (CONCEPTS[-1].name, "speed_matched")} == {None}


def test_wrong_evidence_is_obeyed_and_the_truth_not_shown_by_one_who_does_as_it_is_told(rows):
    assert mean(rows, "knowing", "concept_obeyed", WRONG) == 1
    assert mean(rows, "knowing", "truth_leaked", WRONG) == 0


def test_the_table_has_a_column_for_each_and_the_ceiling_first(rows):
    summaries = summarise_rows(rows, "knowing")
    heads, lines = scoreboard_lines(summaries)
    assert heads == ["figure", "under", "chance", CEILING, "knowing", "grey"]
    assert {len(line) for line in lines} == {6}
    obeyed = next(line for line in lines if line[:2] == ["concept obeyed", "right evidence, strength 1"])
    assert obeyed[2] == "2.5 %" and obeyed[4].startswith("100.0 %")
    assert any(line[1] == "time" and line[0] == "time of a clip" and "ms" in line[4] for line in lines)
    assert scoreboard_markdown("Title", ["A note."], summaries).count("\n| ") == len(lines) + 2


def test_motion_is_measured_as_it_is():
    still = np.full((1, 4, 16, 16, 3), 100, np.uint8)
    assert motion(still) == flicker(still) == motion_place(still, still) == 0
    steady = still + np.arange(4, dtype=np.uint8)[None, :, None, None, None] * 10
    assert motion(steady) == 10 and flicker(steady) == 0
    noise = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 16, 3), dtype=np.uint8)
    assert flicker(noise) == pytest.approx(np.sqrt(3), abs=0.02)
    left, right = still.copy(), still.copy()
    left[:, 1::2, :, :8] += 50
    right[:, 1::2, :, 8:] += 50
    assert motion_place(left, left) == pytest.approx(1) and motion_place(left, right) == pytest.approx(-1)

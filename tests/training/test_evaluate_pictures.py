"""The field's figures of pictures, through classifiers of the corpus and of transformers."""

import numpy as np
import pytest
import torch

from rtbci.errors import UsageError
from rtbci.stimuli.concepts import CONCEPT_NAMES, CONCEPTS
from rtbci.stimuli.draw import draw_frame
from rtbci.stimuli.spec import clip_spec
from training.codec_seeds import CODEC_HELD_OUT, CODEC_TRAINING
from training.evaluation.classifiers import HubClassifier, evenly
from training.evaluation.corpus_classifiers import CorpusSettings, corpus_classifiers, fogged
from training.evaluation.guesser import named, small, train_guesser
from training.evaluation.pictures import evaluate_pictures, picture_rows

TINY = CorpusSettings(clips=16, held_out=8, epochs=1)
LABELS = 60


class Palette:
    """A classifier that sees the mean colour alone: its classes are points in colour space."""

    name, kind = "palette", "frame"

    def __init__(self, classes=50, kind="frame"):
        self.kind = kind
        self.points = np.random.default_rng(0).uniform(0, 255, (classes, 3))

    def scores(self, shown):
        axes = (1, 2) if self.kind == "frame" else (1, 2, 3)
        return -0.001 * ((shown.mean(axis=axes)[:, None] - self.points) ** 2).sum(axis=2)


def clips(seed=0, n=60, frames=2):
    rng = np.random.default_rng(seed)
    colours = rng.integers(20, 235, (n, 1, 1, 1, 3))
    return np.clip(colours + rng.integers(-20, 20, (n, frames, 16, 16, 3)), 0, 255).astype(np.uint8)


def test_what_is_drawn_right_scores_high_and_what_is_drawn_at_random_gets_chance():
    both = [Palette(), Palette(kind="video")]
    right = evaluate_pictures(clips(), clips(), both)
    blind = evaluate_pictures(clips(), clips(seed=5), both)
    assert set(right) == {
        *(
            f"{kind}_{ways}way{end}"
            for kind in ("frame", "video")
            for ways in (2, 40)
            for end in ("", "_strict")
        ),
        "ssim",
        "psnr",
    }
    for name, chance in (
        ("2way", 3 / 4),
        ("40way", 3 / 42),
        ("2way_strict", 1 / 2),
        ("40way_strict", 1 / 40),
    ):
        for kind in ("frame", "video"):
            figure = blind[f"{kind}_{name}"]
            assert figure["chance"] == pytest.approx(chance)
            assert figure["value"] == pytest.approx(chance, abs=0.15)
            assert right[f"{kind}_{name}"]["value"] == pytest.approx(1.0)
            assert right[f"{kind}_{name}"]["control"] < 0.93
    assert right["ssim"]["value"] == pytest.approx(1.0)
    assert right["ssim"]["chance"] < 0.5
    assert blind["psnr"]["value"] == pytest.approx(blind["psnr"]["chance"], abs=1.5)


def test_intervals_hold_the_value_and_widen_where_clips_hang_together():
    rng = np.random.default_rng(0)
    true = clips(n=60)
    # Half of the subjects get pictures of other clips.
    subject = np.repeat(np.arange(6), 10)
    drawn = np.where((subject % 2 == 0)[:, None, None, None, None], true, true[rng.permutation(60)])
    alone = evaluate_pictures(true, drawn, Palette())["frame_40way"]
    together = evaluate_pictures(true, drawn, Palette(), cluster=subject)["frame_40way"]
    for figure in (alone, together):
        assert figure["ci95"][0] <= figure["value"] <= figure["ci95"][1]
    assert np.ptp(together["ci95"]) > 1.5 * np.ptp(alone["ci95"])


def test_a_classifier_of_few_classes_is_asked_for_fewer_ways_and_says_so():
    figures = evaluate_pictures(clips(), clips(), Palette(classes=40))
    assert figures["frame_38way"]["chance"] == pytest.approx(3 / 40)
    assert figures["frame_40way_strict"]["chance"] == pytest.approx(1 / 40)


def test_figures_become_rows():
    figures = evaluate_pictures(clips(), clips(), Palette())
    rows = picture_rows(figures, table="pictures", variant="memory", setting="", seed=0, subject="s1")
    assert {row.metric for row in rows} == set(figures)
    assert all(row.n == 60 for row in rows)


@pytest.mark.parametrize(
    ("true", "drawn", "says"),
    [
        (clips(), clips(n=59), "of one size"),
        (clips() / 255, clips() / 255, "uint8"),
        (clips(n=1), clips(n=1), "two at least"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(true, drawn, says):
    with pytest.raises(UsageError, match=says):
        evaluate_pictures(true, drawn, Palette())


def test_single_pictures_cannot_be_shown_to_a_classifier_of_clips():
    with pytest.raises(UsageError, match="looks at clips"):
        evaluate_pictures(clips()[:, 0], clips()[:, 0], Palette(kind="video"))


def test_the_guesser_learns_to_tell_drawn_scenes_apart():
    torch.set_num_threads(1)
    few = [CONCEPT_NAMES.index(name) for name in ("fireworks", "banana", "mountain")]
    seeds = [CODEC_TRAINING.start + k for k in range(10)]
    held = [CODEC_HELD_OUT.start + k for k in range(8)]

    def drawn(which):
        specs = [clip_spec(concept, seed) for seed in which for concept in few]
        return small(np.stack([draw_frame(spec, 1.0, 64) for spec in specs])), np.tile(few, len(which))

    guesser = train_guesser(*drawn(seeds), epochs=12, veiled=fogged)
    pictures, truth = drawn(held)
    assert (named(guesser, pictures) == truth).mean() > 0.6


def test_the_corpus_classifiers_are_trained_once_and_kept(tmp_path):
    torch.set_num_threads(1)
    frame, clip = corpus_classifiers(tmp_path, TINY)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    again, _ = corpus_classifiers(tmp_path, TINY)
    assert file.stat().st_mtime_ns == written
    shown = np.random.default_rng(0).integers(0, 256, (3, 8, 128, 128, 3), dtype=np.uint8)
    assert (frame.scores(shown[:, 0]) == again.scores(shown[:, 0])).all()
    assert frame.scores(shown[:, 0]).shape == (3, len(CONCEPTS))
    assert np.exp(clip.scores(shown)).sum(axis=1) == pytest.approx(np.ones(3))
    assert clip.scores(shown).shape == (3, 2 * len(CONCEPTS))
    with pytest.raises(UsageError, match="multiple of 64"):
        frame.scores(shown[:, 0, :100])


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("hub")
    torch.manual_seed(0)
    shape = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 32,
        "patch_size": 16,
        "num_labels": LABELS,
    }
    size = {"height": 32, "width": 32}
    vit = transformers.ViTForImageClassification(transformers.ViTConfig(**shape))
    vit.save_pretrained(folder / "vit")
    transformers.ViTImageProcessor(size=size).save_pretrained(folder / "vit")
    config = transformers.VideoMAEConfig(**shape, num_frames=4, tubelet_size=2)
    transformers.VideoMAEForVideoClassification(config).save_pretrained(folder / "videomae")
    transformers.VideoMAEImageProcessor(size={"shortest_edge": 32}, crop_size=size).save_pretrained(
        folder / "videomae"
    )
    # A backbone that was never trained to classify.
    vit.vit.save_pretrained(folder / "headless")
    transformers.ViTImageProcessor(size=size).save_pretrained(folder / "headless")
    return folder


def test_classifiers_of_transformers_give_what_the_library_gives(hub):
    import transformers

    shown = np.random.default_rng(0).integers(0, 256, (3, 6, 48, 64, 3), dtype=np.uint8)
    frame, video = (
        HubClassifier(hub / "vit", "frame", batch=2),
        HubClassifier(hub / "videomae", "video", batch=2),
    )
    processor = transformers.VideoMAEImageProcessor.from_pretrained(hub / "videomae")
    model = transformers.VideoMAEForVideoClassification.from_pretrained(hub / "videomae").eval()
    pixels = processor(list(shown[2][[0, 2, 3, 5]]), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        wanted = model(pixel_values=pixels).logits.log_softmax(dim=1)[0].numpy()
    assert video.scores(shown)[2] == pytest.approx(wanted, abs=1e-4)
    figures = evaluate_pictures(shown, shown, [frame, video])
    assert figures["video_40way"]["value"] == pytest.approx(1.0)
    assert figures["frame_40way"]["value"] == pytest.approx(1.0)


def test_a_classifier_that_is_none_is_refused(hub, tmp_path):
    with pytest.raises(UsageError, match="cannot be loaded"):
        HubClassifier(tmp_path, "frame")
    with pytest.raises(UsageError, match="fills it by chance"):
        HubClassifier(hub / "headless", "frame")


def test_frames_are_taken_evenly():
    assert evenly(8, 4).tolist() == [1, 3, 5, 7]
    assert evenly(2, 4).tolist() == [0, 0, 1, 1]


def test_a_hub_that_cannot_be_reached_is_said_in_a_sentence_at_once(monkeypatch):
    import huggingface_hub

    def offline(name, **_):
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(UsageError, match=r"hub does not give such a frame classifier \(no network\)"):
        HubClassifier("google/vit-base-patch16-224", "frame")
    with pytest.raises(UsageError, match="There is no folder"):
        HubClassifier("models/vit/here", "frame")


def test_frames_that_fade_to_black_are_scored_too():
    true = clips(n=4)
    true[2] = 0
    figures = evaluate_pictures(true, clips(n=4, seed=3), Palette())
    assert all(np.isfinite(figure["value"]) for figure in figures.values())
    assert evaluate_pictures(true, true, ())["ssim"]["value"] == pytest.approx(1.0)

"""What experiments' answers would have drawn, whatever answers a variant has, and on films too."""

from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from export.judges import Remembering, open_judges
from export.open_painter import Means, open_painter
from export.painters import BLIND, CEILING, CRISP, DECODED, LIVE, NOISE, GeneratorPainter
from export.run_pictures import FEWEST, held_against, judged_clips, picture_figures, spread, write_sheet
from export.watched import pictured, watched_clips
from rtbci.bundle import EvidenceModel, load_bundle
from rtbci.bundle.engine import PROVIDERS
from rtbci.cli import app
from rtbci.errors import StimulusError, UsageError
from rtbci.generate import MemoryGenerator
from rtbci.generate.full_size import FullSizeGenerator, Prompts
from rtbci.generate.full_size.networks import Sizes
from rtbci.stimuli import film
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import clip_spec
from tests.tiny_bundle import write_tiny_bundle
from tests.training import tiny_models
from tests.training.experiment_world import COHORT
from tests.training.experiment_world import experiment as small_experiment
from tests.training.seed_dv_folder import write_meta
from training.clips import ClipRows
from training.evaluation.classifiers import HubClassifier
from training.evaluation.rows import Row
from training.experiments.material import Material
from training.experiments.queue import Place
from training.experiments.runs import Decoded
from training.experiments.settings import Variant
from training.latents import CHANNELS, COARSE, FULL
from training.seed_dv import SeedDv
from training.seed_dv_meta import read_metadata
from training.source import stimuli
from training.targets import load_targets
from training.targets.cache import Recipe, fill, write_text
from training.targets.latents import find_vae, load_vae
from training.targets.pictures import Frames

CPU = torch.device("cpu")
SMALL = msgspec.structs.replace(small_experiment(), known=1, unseen=1)
WHOLE, WITHOUT, OWN = "whole", "without latent", "own subjects"
LATENT = (2, 4, 4, 6)
FRAMES = {"count": 2, "height": 32, "width": 48, "fit": "crop"}
"""As `tests.training.tiny_models` makes them of pictures of 32 x 48 px."""


def of_variants(made, baseline=WHOLE, *variants):
    return SimpleNamespace(
        variants=variants
        or [
            Variant(name=WHOLE),
            Variant(name=WITHOUT, change={"losses": {"latent": 0.0}}),
            Variant(name=OWN, change={"own_subjects": 1}),
        ],
        baseline=baseline,
        settings=made.experiment.settings,
    )


def figures(experiment, made, painter, judges=(), clips=4, **more):
    said, shown = [], {}
    rows = list(
        picture_figures(
            experiment,
            made,
            Place(),
            [0],
            painter,
            judges,
            clips,
            progress=lambda _: None,
            note=said.append,
            show=shown.__setitem__,
            **more,
        )
    )
    return rows, said, shown


# Drawn scenes, by a bundle's generator


@pytest.fixture(scope="module")
def drawn_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_tiny_bundle(folder / "tiny")
    return Material(COHORT, SMALL, folder, store=Rows(COHORT)), folder / "tiny"


@pytest.fixture
def answered(drawn_world, monkeypatch):
    made, _ = drawn_world
    tested = np.concatenate([made.roles.test, made.roles.unseen])

    def run(settings, *_):
        rows = tested[:1] if settings.own_subjects else tested
        logits = np.zeros((len(rows), 40), np.float32)
        logits[np.arange(len(rows)), made.clips.concept[rows]] = 9.0
        answers = {"concept": logits}
        if settings.losses.latent:
            answers["latent"] = np.ones((len(rows), CHANNELS * COARSE**2), np.float32)
        return SimpleNamespace(done=True, make=lambda: Decoded(rows, 0 * logits, answers))

    monkeypatch.setattr("export.run_pictures.Run", run)
    return made


def latents(decoded, at):
    value = 1.0 if "latent" in decoded.answers else 0.0
    return np.full((len(at), CHANNELS, FULL, FULL), value, np.float32)


def test_every_variant_that_decoded_the_clips_is_drawn(answered, drawn_world, tmp_path, qapp):
    bundle = load_bundle(drawn_world[1])
    painter = GeneratorPainter(
        MemoryGenerator.from_bundle(bundle, threads=1),
        EvidenceModel(exponent=1.0, hazard=0.05),
        answered,
        Frames(2, 256, 256),
        latents,
    )
    rows, said, shown = figures(of_variants(answered), answered, painter)
    ways = [f"{name}; {how}" for name in (WHOLE, WITHOUT) for how in (CRISP, LIVE)] + [f"{WHOLE}; {NOISE}"]
    tables = [f"pictures, {who} wearers" for who in ("known", "unseen")]
    assert {(row.table, row.variant) for row in rows} == {(table, way) for table in tables for way in ways}
    assert len(said) == 2 and all(OWN in sentence for sentence in said)
    by = {(row.variant, row.subject, row.metric): row.value for row in rows}
    blank = f"{WITHOUT}; {CRISP}"
    assert any(by[way, *rest] != by[blank, *rest] for way, *rest in by if way == ways[0])
    sheet = shown[tables[0]]
    assert [how for how, _ in sheet.strips] == ["watched", CRISP, LIVE, NOISE]
    write_sheet(tmp_path / "new", "claimed", tables[0], sheet)
    assert (tmp_path / "new" / "claimed-known.png").stat().st_size > 1000


def test_only_the_variants_that_are_named(answered, drawn_world):
    painter = open_painter(answered, Place(codec=drawn_world[1]), Means(bundle=drawn_world[1]), CPU)
    assert painter.frames == Frames(2, 256, 256)
    rows, _, _ = figures(of_variants(answered), answered, painter, only=[WITHOUT])
    # The control is of the baseline, or else of the first variant.
    assert {row.variant for row in rows} == {f"{WITHOUT}; {how}" for how in (CRISP, LIVE, NOISE)}
    with pytest.raises(UsageError, match="has no variant 'hole'"):
        figures(SMALL, answered, painter, only=["hole"])


def test_clips_are_shared_out_evenly():
    subject = np.repeat([3, 5, 9], [50, 50, 2])
    rows = spread(np.arange(102), subject, 31, np.random.default_rng(0))
    assert np.bincount(subject[rows])[[3, 5, 9]].tolist() == [11, 10, 2]
    assert len(np.unique(rows)) == len(rows)
    few = spread(np.arange(102), subject, 1, np.random.default_rng(0))
    assert np.bincount(subject[few])[[3, 5, 9]].tolist() == [FEWEST, FEWEST, 2]


def test_drawn_clips_that_were_watched_are_drawn_again(drawn_world):
    made, _ = drawn_world
    rows = made.roles.test[[3, 0, 3]]
    seen = watched_clips(made, rows, Frames(2, 64, 64))
    spec = clip_spec(int(made.clips.concept[rows[1]]), int(made.clips.stimulus[rows[1]]))
    np.testing.assert_array_equal(seen[1], draw_clip(spec, 2, 64))
    np.testing.assert_array_equal(seen[0], seen[2])


# Films, by the VAE of the targets


class Rows:
    """Clips of the first slots of each block, without EEG."""

    def __init__(self, source, slots=3):
        self.folder = source.folder
        self.parts = {
            source.number(subject): [
                (clip, place, block)
                for place, block in enumerate(source.blocks(subject))
                for clip in source.clips(block)
                if clip.start < slots * film.SLOT_SECONDS * film.EEG_RATE
            ]
            for subject in source.subjects()
        }

    def clips(self, subjects):
        every = [(number, *one) for number in subjects for one in self.parts[number]]
        start = np.array([clip.start / 200 for _, clip, _, _ in every])
        table = {
            "concept": [clip.concept for _, clip, _, _ in every],
            "stimulus": [clip.stimulus for _, clip, _, _ in every],
            "subject": [number for number, _, _, _ in every],
            "block": [place for _, _, place, _ in every],
            "slot": [clip.slot for _, clip, _, _ in every],
        }
        return ClipRows(**{k: np.array(v) for k, v in table.items()}, start_s=start, stop_s=start + 2)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """SEED-DV with the beginning of its last film, targets by a tiny VAE, and what learns from them."""
    av = pytest.importorskip("av", reason="PyAV, which reads the films, is not installed")
    folder = tmp_path_factory.mktemp("seed-dv")
    write_meta(folder)
    (folder / "Video").mkdir()
    rng = np.random.default_rng(0)
    with av.open(str(folder / "Video" / f"{film.STEMS[6]}.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=film.FILM_RATE)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(3 * film.SLOT_SECONDS):
            picture = np.full((64, 96, 3), rng.integers(20, 230, 3), dtype=np.uint8)
            for _ in range(film.FILM_RATE):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    metadata, _ = read_metadata(folder)
    files = [SimpleNamespace(subject=number, session=1, unit="uV") for number in (1, 2)]
    source = SeedDv(folder, files, metadata)
    tiny_models.vae_tiny(folder / "vae")
    tiny_models.vae_kl(folder / "other")
    keys = sorted(stimuli(source), key=lambda key: key[1])
    recipe = Recipe(
        kind="latents",
        shape=LATENT,
        dtype="float32",
        items=[str(key) for key in keys],
        clips=[(*key, row) for row, key in enumerate(keys)],
        made_by={"model": find_vae(str(folder / "vae")).identity(), "pictures": {"frames": FRAMES}},
    )
    values = rng.standard_normal((len(keys), *LATENT)).astype(np.float32)
    made = fill(folder / "targets", recipe, lambda start, stop: values[start:stop], 200)
    write_text(folder / "targets" / "targets.json", f'{{"latents": "{made.name}"}}')
    stored = load_targets(folder / "targets")
    return Material(source, SMALL, folder, stored=stored, store=Rows(source)), folder


@pytest.fixture
def place(filmed):
    return Place(targets=filmed[1] / "targets")


@pytest.fixture(scope="module")
def judge(filmed):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    folder, size = filmed[1] / "vit", {"height": 32, "width": 32}
    shape = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 32,
        "patch_size": 16,
        "num_labels": 60,
    }
    transformers.ViTForImageClassification(transformers.ViTConfig(**shape)).save_pretrained(folder)
    transformers.ViTImageProcessor(size=size).save_pretrained(folder)
    return folder


def test_decoded_latents_of_films_lie_between_the_ceiling_and_the_mean(filmed, place, judge, monkeypatch):
    made, folder = filmed
    tested = np.concatenate([made.roles.test, made.roles.unseen])[::-1]
    true = made.labels.latent[made.label_row[tested]]

    def run(settings, *_):
        answers = {"concept": np.zeros((len(tested), 40), np.float32)}
        if settings.losses.latent:
            answers["latent"] = true if settings.losses.text else 0 * true
        return SimpleNamespace(done=True, make=lambda: Decoded(tested, answers["concept"], answers))

    monkeypatch.setattr("export.run_pictures.Run", run)
    experiment = of_variants(
        made,
        WHOLE,
        Variant(name=WHOLE),
        Variant(name="blind", change={"losses": {"text": 0.0}}),
        Variant(name=WITHOUT, change={"losses": {"latent": 0.0}}),
    )
    painter = open_painter(made, place, Means(vae=str(folder / "vae")), CPU)
    judges = open_judges(False, str(judge), None, folder, CPU)
    assert any("vit" in note for note in judges.notes) and any("no video scores" in n for n in judges.notes)
    rows, said, shown = figures(experiment, made, painter, judges.classifiers, clips=6)
    values = {(row.variant, row.subject, row.metric): row.value for row in rows}
    chances = {row.metric: row.chance for row in rows}
    assert chances["frame_2way"] == 0.75 and chances["frame_40way"] == pytest.approx(3 / 42)
    assert {subject for _, subject, _ in values} == {"sub1", "sub2"}
    for (variant, subject, metric), value in values.items():
        if variant == f"{WHOLE}; {DECODED}":
            assert value == pytest.approx(values[CEILING, subject, metric], abs=1e-3)
        if variant == f"blind; {DECODED}":
            assert value == pytest.approx(values[BLIND, subject, metric], abs=1e-3)
    assert all(WITHOUT in sentence for sentence in said) and said
    strips = dict(shown["pictures, unseen wearers"].strips)
    assert list(strips) == ["watched", DECODED, CEILING, BLIND]
    assert strips["watched"].shape[1:] == (32, 48, 3)


def test_what_was_watched_of_a_film_is_its_frames(filmed):
    made, folder = filmed
    rows = made.roles.test[[4, 0]]
    seen = watched_clips(made, rows, Frames(2, 64, 96))
    for one, row in zip(seen, rows, strict=True):
        line = int(made.clips.stimulus[row]) - 6 * 200
        np.testing.assert_array_equal(one, film.read_clip(folder / "Video", 6, *divmod(line, film.CLIPS), 2))
    with pytest.raises(StimulusError, match="1st_10min"):
        watched_clips(made, made.roles.train[:1], Frames(2, 64, 96))


def test_latents_are_decoded_as_they_were_encoded(filmed):
    import diffusers

    _, folder = filmed
    vae = load_vae(find_vae(str(folder / "other")), 1.0, CPU)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), dtype=np.uint8)
    plain = diffusers.AutoencoderKL.from_pretrained(folder / "other")
    values = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        wanted = plain.decode(plain.encode(values).latent_dist.mode()).sample
    wanted = ((wanted.clamp(-1, 1) + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(vae.decode(vae(pictures)), wanted, atol=0.51)


def test_what_does_not_fit_the_targets_is_refused(filmed, place, tmp_path):
    made, folder = filmed

    def refused(means, at=place):
        with pytest.raises(UsageError) as caught:
            open_painter(made, at, means, CPU)
        return str(caught.value)

    assert "is not the AutoencoderTiny" in refused(Means(vae=str(folder / "other")))
    assert "--vae" in refused(Means())
    assert "name one of them" in refused(Means(vae="a", bundle=tmp_path))
    assert "train targets --vae" in refused(Means(vae=str(folder / "vae")), Place())
    assert "train targets --vae" in refused(Means(full_size=tmp_path), Place())


def test_films_want_classifiers_of_films(tmp_path):
    with pytest.raises(UsageError, match="--frame-classifier"):
        open_judges(False, None, None, tmp_path, CPU)


def test_clips_that_nobody_can_tell_apart_have_no_pictures(drawn_world):
    made, _ = drawn_world
    unknown = SimpleNamespace(source=made.source, clips=SimpleNamespace(stimulus=np.array([-1, 4, -1])))
    assert pictured(unknown, np.array([0, 1])).tolist() == [1]
    with pytest.raises(UsageError, match="which clip it was"):
        pictured(unknown, np.array([0, 2]))


def test_what_was_watched_is_judged_once(judge):
    class Counting(HubClassifier):
        asked = 0

        def scores(self, shown):
            Counting.asked += len(shown)
            return super().scores(shown)

    watched = np.random.default_rng(0).integers(0, 256, (3, 2, 40, 40, 3), dtype=np.uint8)
    one = Remembering(Counting(judge, "frame"), watched, lambda _: None)
    again = one.scores(watched.reshape(-1, 40, 40, 3)[[4, 1]])
    assert Counting.asked == 6
    np.testing.assert_allclose(again, one.scores(255 - (255 - watched.reshape(-1, 40, 40, 3)[[4, 1]])))
    one.scores(255 - watched[0])
    assert Counting.asked == 8


def test_a_full_size_generator_starts_from_the_first_frames_latent(filmed, place, tmp_path, monkeypatch):
    made, _ = filmed
    rng = np.random.default_rng(0)

    class Networks:
        provider = "none"
        sizes = Sizes(latent=LATENT[1:], frames=2, tokens=2, width=3)

        def denoise_picture(self, noisy, time, text):
            return 0.1 * noisy

        def denoise_clip(self, noisy, time, text, keyframe):
            return 0.1 * noisy

        def decode(self, latent):
            grey = np.clip(128 + 40 * latent[:3], 0, 255).astype(np.uint8)
            return np.ascontiguousarray(grey.repeat(8, 1).repeat(8, 2).transpose(1, 2, 0))

    prompts = Prompts(
        rng.standard_normal((40, 2, 3), dtype=np.float32),
        rng.standard_normal((2, 3), dtype=np.float32),
        np.zeros(LATENT[1:], np.float32),
    )
    decoder = SimpleNamespace(outputs=[SimpleNamespace(shape=(1, 32, 48, 3))])
    manifest = SimpleNamespace(sizes=Networks.sizes, engines={"decoder": decoder})
    monkeypatch.setattr("export.open_painter.load_full_size", lambda folder: manifest)
    opened = []

    def open_networks(folder, open_engine, checked):
        opened.append((folder, open_engine.keywords["providers"], checked))
        return FullSizeGenerator(Networks(), prompts)

    monkeypatch.setattr("export.open_painter.open_full_size", open_networks)
    painter = open_painter(made, place, Means(full_size=tmp_path), CPU)
    assert painter.frames == Frames(2, 32, 48)
    open_painter(made, place, Means(full_size=tmp_path), torch.device("cuda"))
    assert opened == [(tmp_path, PROVIDERS[name], manifest) for name in ("cpu", "cuda")]
    for device, words in (("mps", "name cpu or cuda"), ("cuda:1", "CUDA_VISIBLE_DEVICES=1")):
        with pytest.raises(UsageError, match=words):
            open_painter(made, place, Means(full_size=tmp_path), torch.device(device))
    rows = made.roles.test[:4]
    true = made.labels.latent[made.label_row[rows]]
    decoded = Decoded(rows, np.zeros((4, 40), np.float32), {"concept": 9 * np.eye(40)[:4], "latent": true})
    keys = np.stack([made.clips.concept[rows], made.clips.stimulus[rows]], axis=1)
    at = np.array([2, 0])
    wanted = load_targets(place.targets).latents.of(keys[at])[:, 0]
    np.testing.assert_allclose(painter.latents(decoded, at), wanted, atol=1e-4)
    ways = dict(painter.draw(decoded, at, lambda _: None))
    assert ways[CRISP].shape == (2, 2, 32, 48, 3)
    manifest.sizes = Sizes(latent=(4, 8, 8), frames=2, tokens=2, width=3)
    decoder.outputs[0].shape = (1, 64, 64, 3)
    with pytest.raises(UsageError, match="--height 64 --width 64"):
        open_painter(made, place, Means(full_size=tmp_path), CPU)


def test_the_command_writes_report_and_pictures_of_films(filmed, place, judge, tmp_path, monkeypatch, qapp):
    made, folder = filmed
    tested = np.concatenate([made.roles.test, made.roles.unseen])
    answers = {
        "concept": np.zeros((len(tested), 40), np.float32),
        "latent": made.labels.latent[made.label_row[tested]],
    }
    run = SimpleNamespace(done=True, make=lambda: Decoded(tested, answers["concept"], answers))
    monkeypatch.setattr("export.run_pictures.Run", lambda *_: run)
    monkeypatch.setattr("training.experiments.sources.open_source", lambda folder: made.source)
    monkeypatch.setattr("training.experiments.queue.open_material", lambda *_: made)
    about = ["evaluate", "pictures", "alignment", "--data", folder, "--targets", place.targets, "--clips", 4]
    (tmp_path / "runs" / "one").mkdir(parents=True)
    named = [
        "--folder",
        tmp_path,
        "--vae",
        folder / "vae",
        "--variant",
        "raw: pooled",
        "--seeds",
        1,
        "--device",
        "cpu",
    ]

    def command(*more):
        return CliRunner().invoke(app, [str(one) for one in (*about, *named, "--out", tmp_path, *more)])

    done = command("--frame-classifier", judge)
    assert done.exit_code == 0, done.output
    report = (tmp_path / "alignment-pictures" / "report.md").read_text()
    assert CEILING in report and "7.1 %" in report and str(folder) not in report
    sheets = sorted(one.name for one in (tmp_path / "alignment-pictures").glob("*.png"))
    assert len(sheets) == 2 and sheets[0].endswith("-known.png")
    refused = command()
    assert isinstance(refused.exception, UsageError) and "--frame-classifier" in str(refused.exception)


def test_pictures_are_held_against_the_baseline_drawn_alike_and_clips_are_counted() -> None:
    def row(variant: str, seed: int | None = 0, subject: str = "sub1", n: int = 4) -> Row:
        return Row("pictures, known wearers", variant, "claimed", seed, subject, "ssim", 0.5, 0.4, n)

    rows = [row(f"ridge; {how}", None) for how in ("crisp", "live")]
    rows += [row(f"net; {how}", seed, sub) for how in ("crisp", "live") for seed in (0, 1) for sub in "ab"]
    rows += [row("net; noise"), row("mean of the training", None)]
    against = held_against(msgspec.structs.replace(SMALL, baseline="net"), rows)
    assert against("", "ridge; live") == "net; live"
    assert against("", "ridge; noise") == "net; noise"
    assert [against("", name) for name in ("net; live", "mean of the training")] == ["net; crisp"] * 2
    gone = msgspec.structs.replace(SMALL, baseline="gone")
    assert held_against(gone, rows)("", "net; live") == "ridge; live"
    assert "12 test clips of 3 wearers" in judged_clips(rows)

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from rtbci.cli import app
from rtbci.errors import RtbciError, StimulusError, UsageError
from rtbci.stimuli import film
from rtbci.stimuli.captions import caption
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.draw import draw_clip
from rtbci.stimuli.spec import clip_spec
from tests.training import tiny_models
from tests.training.recording_files import write_brainvision
from tests.training.seed_dv_folder import write_meta
from training.metrics.ssim import psnr
from training.source import DataError
from training.targets import TargetTable, load_targets
from training.targets.cache import Recipe, fill
from training.targets.latents import find_vae, latent_shape, load_vae
from training.targets.make import TargetSettings, make_targets
from training.targets.models import best_device
from training.targets.pictures import Frames, Pictures, fit_pictures
from training.targets.shown import Shown, corpus_shown, open_shown
from training.targets.text import TextEncoder, find_text_encoder

CPU = torch.device("cpu")
FILM_CLIPS, FILM_SECONDS = 20, 4 * film.SLOT_SECONDS
CLIPS = np.array([(0, 3), (7, 1), (39, 2), (20, 1)])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A pipeline as Stable Diffusion's is laid out, and models alone."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.clip_text(folder / "pipeline" / "text_encoder", folder / "pipeline" / "tokenizer")
    tiny_models.vae_kl(folder / "pipeline" / "vae", shift_factor=0.1)
    tiny_models.vae_tiny(folder / "tiny")
    tiny_models.blip(folder / "blip")
    return folder


@pytest.fixture(scope="module")
def seed_dv(tmp_path_factory):
    """SEED-DV without EEG, and the beginning of one of its films, whose brightness counts the frames."""
    av = pytest.importorskip("av", reason="PyAV, which reads the films, is not installed")
    folder = tmp_path_factory.mktemp("seed-dv")
    write_meta(folder)
    (folder / "Video").mkdir()
    with av.open(str(folder / "Video" / "3rd_10min.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=film.FILM_RATE)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 48, 32, "yuv420p", 100
        for number in range(FILM_SECONDS * film.FILM_RATE):
            picture = np.full((32, 48, 3), brightness(number), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return folder


def brightness(number: int) -> int:
    return 16 + (number // 8 * 37) % 200


def filmed(shown: Shown) -> Shown:
    """Only the clips that the film of `seed_dv` holds."""
    keys = [key for key in shown.pictured if 400 <= key[1] < 400 + FILM_CLIPS]
    return Shown({key: shown.captions[key] for key in keys}, tuple(keys), shown.films)


# Text


def test_embeddings_are_the_states_after_the_final_layer_norm(models):
    from transformers import CLIPTextModel, CLIPTokenizer

    encoder = TextEncoder(find_text_encoder(str(models / "pipeline")), CPU)
    captions = ["a cat", "a very long caption " * 20]
    made = encoder(captions)
    assert made.shape == (2, 77, 32) and made.dtype == np.float32
    model = CLIPTextModel.from_pretrained(models / "pipeline" / "text_encoder").eval()
    tokenizer = CLIPTokenizer.from_pretrained(models / "pipeline" / "tokenizer")
    ids = [tokenizer(text)["input_ids"] for text in captions]
    ids[0] += [tokenizer.eos_token_id] * (77 - len(ids[0]))
    ids[1] = [*ids[1][:76], tokenizer.eos_token_id]
    with torch.inference_mode():
        hidden = model(torch.tensor(ids), output_hidden_states=True).hidden_states[-1]
        norm = next(part for name, part in model.named_modules() if name.endswith("final_layer_norm"))
        expected = norm(hidden)
    np.testing.assert_allclose(made, expected.numpy(), atol=1e-5)
    assert np.abs(made - hidden.numpy()).max() > 0.1
    assert encoder.truncated(captions) == 1


# Latents


@pytest.mark.parametrize("name", ["pipeline", "tiny"])
def test_latents_carry_the_vaes_own_factors(models, name):
    import diffusers

    encoder = load_vae(find_vae(str(models / name)), 1.0, CPU)
    assert latent_shape(encoder, 32, 48) == (4, 4, 6)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), dtype=np.uint8)
    values = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        if name == "tiny":
            expected = diffusers.AutoencoderTiny.from_pretrained(models / name).encode(values).latents
        else:
            vae = diffusers.AutoencoderKL.from_pretrained(models / name / "vae")
            expected = (vae.encode(values).latent_dist.mean - 0.1) * 0.18215
    np.testing.assert_allclose(encoder(pictures), expected.numpy(), atol=1e-6)


def test_latents_of_the_real_codec_show_the_clip_again(shared_data, tmp_path):
    import onnxruntime as ort

    weights = shared_data / "weights" / "vaelight"
    if not weights.is_dir():
        pytest.skip("the weights of the tiny codec are not in the shared data")
    encoder = str(weights / "vl_VAEencoder.onnx")
    make_targets(corpus_shown(CLIPS), tmp_path, TargetSettings(vae=encoder, frames=2, height=128, width=128))
    latents = load_targets(tmp_path).latents.of(CLIPS)
    assert latents.shape == (4, 2, 4, 16, 16)
    assert 0.4 < latents.std() < 2.0  # Scaled, they are about standard normal.
    decoder = ort.InferenceSession(str(weights / "vl_VAEpreview.onnx"))
    levels = decoder.run(None, {"latent": latents[:, 1] / 0.18215})
    made = sum(
        np.kron(level, np.ones((1, 1, 128 // level.shape[2], 128 // level.shape[3]))) for level in levels
    )
    made = np.clip((made + 1) * 127.5, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    shown = np.stack([draw_clip(clip_spec(*map(int, clip)), 2, 128)[1] for clip in CLIPS])
    right, wrong = psnr(shown, made).mean(), psnr(shown[::-1], made).mean()
    assert right > 17 and right > wrong + 6


def test_unfit_sizes_are_refused(models):
    encoder = load_vae(find_vae(str(models / "pipeline")), 1.0, CPU)
    with pytest.raises(UsageError, match="multiples of 8"):
        latent_shape(encoder, 36, 48)


# What was shown


def test_seed_dv_needs_no_eeg_to_say_what_was_shown(seed_dv):
    shown = open_shown(seed_dv)
    assert len(shown.captions) == len(shown.pictured) == 1400
    assert shown.films == seed_dv / "Video"
    for key in shown.pictured[::97]:
        block, line = divmod(key[1], 200)
        assert shown.captions[key] == f"caption of block {block} line {line}"


def test_a_short_caption_file_is_named(tmp_path):
    write_meta(tmp_path)
    path = tmp_path / "BLIP-caption" / "5th_10min.txt"
    path.write_text("\n".join(["a cat"] * 199))
    with pytest.raises(DataError, match=r"5th_10min.txt have 199 lines, not 200"):
        open_shown(tmp_path)


def test_own_recordings_say_which_clips_of_the_corpus_they_showed(tmp_path):
    path = tmp_path / "sub-05" / "eeg" / "sub-05_task-clips_eeg.vhdr"
    write_brainvision(path, np.random.default_rng(0).normal(0, 20, (4000, 62)), 200.0)
    table = [
        "onset\tduration\tconcept\tseed\tcaption",
        "2\t2\tcat\t17\tn/a",
        "4\t2\tcat\t17\tn/a",
        "6\t2\tdog\tn/a\ta dog of our own",
        "8\t2\tship\tn/a\tone ship",
        "10\t2\tship\tn/a\tanother",
    ]
    path.with_name("sub-05_task-clips_events.tsv").write_text("\n".join(table) + "\n")
    shown = open_shown(tmp_path)
    cat, dog = CONCEPT_NAMES.index("cat"), CONCEPT_NAMES.index("dog")
    assert shown.pictured == ((cat, 17),) and shown.films is None
    assert shown.captions == {(cat, 17): caption(clip_spec(cat, 17)), (dog, -1): "a dog of our own"}
    assert [note.split(";")[1] for note in shown.notes] == [
        " they get no text embedding.",
        " they get no video latents.",
    ]


def test_clips_of_the_corpus_are_drawn_as_they_were_shown():
    shown = corpus_shown(np.stack([CLIPS, CLIPS]))
    assert set(shown.pictured) == {tuple(clip) for clip in CLIPS.tolist()}
    assert shown.captions[7, 1] == caption(clip_spec(7, 1))
    read = list(Pictures(shown, Frames(3, 64, 64)).read(shown.pictured))
    for key, frames in zip(shown.pictured, read, strict=True):
        assert np.array_equal(frames, draw_clip(clip_spec(*key), 3, 64))


@pytest.mark.parametrize("count", [1, 6, 48])
def test_frames_of_films_are_at_equal_steps_from_the_clips_first(seed_dv, count):
    shown = filmed(open_shown(seed_dv))
    keys = [shown.pictured[line] for line in (0, 1, 7, 8, 19)]
    for key, frames in zip(keys, Pictures(shown, Frames(count, 16, 24)).read(keys), strict=True):
        slot, clip = divmod(key[1] % 200, 5)
        expected = [brightness(number) for number in film.frames_of(slot, clip, count)]
        assert frames.shape == (count, 16, 24, 3)
        np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), expected, atol=8)


def test_pictures_are_cropped_or_stretched():
    picture = np.zeros((1, 40, 80, 3), dtype=np.uint8)
    picture[:, :, 20:60] = 200
    assert (fit_pictures(picture, 20, 20, "crop")[:, 2:-2, 2:-2] == 200).all()
    stretched = fit_pictures(picture, 20, 20, "stretch")
    assert (stretched[:, :, :3] == 0).all() and (stretched[:, :, 8:12] == 200).all()


# The cache

RECIPE = Recipe("things", (2, 3), "float32", [str(n) for n in range(11)], [(n, 0, n) for n in range(11)], {})


def rows(start: int, stop: int):
    return np.arange(start, stop)[:, None, None] + np.arange(6).reshape(2, 3) / 10


class Stopped(Exception):
    pass


@settings(max_examples=25, deadline=None)
@given(block=st.integers(1, 12), again=st.integers(1, 12), stop_at=st.integers(0, 10))
def test_a_stopped_cache_goes_on_and_is_the_same(tmp_path_factory, block, again, stop_at):
    out = tmp_path_factory.mktemp("cache")
    asked = []

    def stopping(start, stop):
        if stop > stop_at:
            raise Stopped
        return rows(start, stop)

    def going_on(start, stop):
        asked.append(start)
        return rows(start, stop)

    with pytest.raises(Stopped):
        fill(out, RECIPE, stopping, block)
    with pytest.raises(UsageError):
        TargetTable.open(out / RECIPE.name)
    folder = fill(out, RECIPE, going_on, again)
    assert asked[0] == stop_at // block * block
    assert np.array_equal(TargetTable.open(folder).values, rows(0, 11).astype(np.float32))
    fill(out, RECIPE, stopping, block)  # It is there: nothing is asked for.


def test_rows_that_never_reached_the_disk_are_made_again(tmp_path):
    def stopping(start, stop):
        if start >= 6:
            raise Stopped
        return rows(start, stop)

    with pytest.raises(Stopped):
        fill(tmp_path, RECIPE, stopping, 3)
    partial = tmp_path / RECIPE.name / "values.partial"
    os.truncate(partial, partial.stat().st_size - 1)
    asked = []
    folder = fill(tmp_path, RECIPE, lambda start, stop: asked.append(start) or rows(start, stop), 3)
    assert asked == [0, 3, 6, 9]
    assert np.array_equal(TargetTable.open(folder).values, rows(0, 11).astype(np.float32))


def test_a_cut_off_cache_is_refused(tmp_path):
    folder = fill(tmp_path, RECIPE, rows, 4)
    os.truncate(folder / "values.npy", (folder / "values.npy").stat().st_size - 4)
    with pytest.raises(UsageError, match="not whole"):
        TargetTable.open(folder)


def test_one_process_at_a_time_and_no_more_than_the_disk_holds(tmp_path):
    (tmp_path / RECIPE.name).mkdir()
    with FileLock(tmp_path / RECIPE.name / ".lock"), pytest.raises(UsageError, match="Another process"):
        fill(tmp_path, RECIPE, rows, 4)
    huge = Recipe("things", (1 << 50,), "float32", ["0"], [(0, 0, 0)], {})
    with pytest.raises(UsageError, match="make room"):
        fill(tmp_path, huge, rows, 1)


def test_a_table_refuses_clips_that_it_does_not_have(tmp_path):
    table = TargetTable.open(fill(tmp_path, RECIPE, rows, 4))
    assert np.array_equal(table.of(np.array([[[3, 0], [0, 0]]]))[0, 0], rows(3, 4)[0].astype(np.float32))
    np.testing.assert_allclose(table.mean(np.array([[0, 0], [0, 0], [3, 0]])), rows(1, 2)[0], rtol=1e-6)
    with pytest.raises(UsageError, match="no target for the clip 7 of concept 3"):
        table.of(np.array([[3, 7]]))


# All together


def test_targets_change_with_what_decides_them_and_only_then(models, tmp_path):
    base = {"vae": str(models / "tiny"), "frames": 1, "height": 16, "width": 16}
    folders = [
        make_targets(corpus_shown(clips), tmp_path, TargetSettings(**{**base, **more})).folders["latents"]
        for clips, more in [
            (CLIPS, {}),
            (CLIPS[::-1], {"batch": 1}),
            (CLIPS[:2], {}),
            (CLIPS, {"height": 24}),
            (CLIPS, {"fit": "stretch"}),
            (CLIPS, {"vae": str(models / "pipeline")}),
        ]
    ]
    assert folders[0] == folders[1]
    assert len(set(folders)) == 5
    assert load_targets(tmp_path).latents.made_by["model"]["kind"] == "AutoencoderKL"


def test_the_command_makes_all_of_a_film(models, seed_dv, tmp_path, monkeypatch):
    import training.targets.shown as module

    monkeypatch.setattr(module, "open_shown", lambda folder, subjects: filmed(open_shown(folder)))
    names = {"text": "pipeline", "vae": "pipeline", "blip": "blip"}
    command = ["train", "targets", "--data", str(seed_dv), "--out", str(tmp_path), "--frames", "2"]
    command += ["--height", "16", "--width", "24", "--batch", "64"]
    for option, name in names.items():
        command += [f"--{option}", str(models / name)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    targets = load_targets(tmp_path)
    keys = filmed(open_shown(seed_dv)).pictured
    assert targets.latents.values.shape == (FILM_CLIPS, 2, 4, 2, 3)
    encoder = load_vae(find_vae(str(models / "pipeline")), 1.0, CPU)
    slot, clip = divmod(keys[17][1] % 200, 5)
    frames = fit_pictures(film.read_clip(seed_dv / "Video", 2, slot, clip, 2), 16, 24, "crop")
    np.testing.assert_allclose(targets.latents.of(np.array(keys[17])), encoder(frames), atol=1e-5)
    written = next(tmp_path.glob("captions-*/3rd_10min.txt"))
    said = written.read_text().splitlines()
    assert len(said) == 200 and all(said[:FILM_CLIPS]) and len(set(said[:FILM_CLIPS])) > 1
    assert targets.text.items[targets.text.row[keys[17]]] == said[keys[17][1] % 200]


# What can be wrong


def broken(models: Path, folder: Path, what: str) -> dict[str, str]:
    """Arguments of one wrong command."""
    if what == "no weights":
        tiny_models.vae_tiny(folder)
        (folder / "diffusion_pytorch_model.safetensors").unlink()
    if what == "weights of another":
        config = tiny_models.clip_text(folder) / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"num_hidden_layers": 3}))
    if what == "cut weights":
        tiny_models.vae_tiny(folder)
        weights = folder / "diffusion_pytorch_model.safetensors"
        os.truncate(weights, weights.stat().st_size // 2)
    return {
        "no weights": {"vae": str(folder)},
        "weights of another": {"text": str(folder)},
        "cut weights": {"vae": str(folder)},
        "missing folder": {"text": str(folder / "absent")},
        "not of the hub": {"text": "nobody/nothing-of-this-name"},
        "vae for text": {"text": str(models / "tiny")},
        "text for vae": {"vae": str(models / "pipeline" / "text_encoder")},
        "no onnx": {"vae": str(folder / "absent.onnx")},
        "decoder": {"blip": str(models / "tiny")},
        "nothing": {},
    }[what]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no weights", "has no weights diffusion_pytorch_model.safetensors"),
        ("weights of another", "lack"),
        ("cut weights", "cannot be loaded"),
        ("missing folder", "There is no folder"),
        ("not of the hub", "the hub does not give"),
        ("vae for text", "of the kind 'AutoencoderTiny', not a CLIP text encoder"),
        ("text for vae", "of the kind '.*', not a VAE"),
        ("no onnx", "no encoder"),
        ("decoder", "not a BLIP captioner"),
        ("nothing", "nothing to make"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(models, tmp_path, monkeypatch, what, words):
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def unreachable(*_args, **_more):
        raise LocalEntryNotFoundError("it cannot be reached")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    given = {"text": str(models / "pipeline")} if what != "nothing" else {}
    with pytest.raises(RtbciError, match=words) as raised:
        make_targets(
            corpus_shown(CLIPS),
            tmp_path / "out",
            TargetSettings(**given | broken(models, tmp_path / "broken", what), height=16, width=16),
        )
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_missing_film_and_an_odd_number_of_frames_are_said_before_any_work(models, seed_dv, tmp_path):
    shown = open_shown(seed_dv)
    wanted = TargetSettings(vae=str(models / "tiny"), height=16, width=16)
    with pytest.raises(StimulusError, match=r"1st_10min.mp4 is not there"):
        make_targets(shown, tmp_path / "out", wanted)
    with pytest.raises(StimulusError, match="5 frames cannot be taken at equal steps"):
        make_targets(filmed(shown), tmp_path / "out", TargetSettings(vae=str(models / "tiny"), frames=5))
    assert not (tmp_path / "out").exists()


def test_a_repository_of_the_hub_is_fetched_in_part(models, tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def snapshot(repository, revision, allow_patterns):
        asked.append((repository, revision, set(allow_patterns)))
        return str(models / "pipeline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.chdir(tmp_path)
    model = find_text_encoder("someone/a-pipeline@v2")
    assert model.folder == models / "pipeline" / "text_encoder"
    assert model.beside == models / "pipeline" / "tokenizer"
    assert [(repository, revision) for repository, revision, _ in asked] == [
        ("someone/a-pipeline", "v2"),
        ("someone/a-pipeline", "pipeline"),  # A snapshot's folder is its commit.
    ]
    assert "text_encoder/model.safetensors" in asked[1][2] and "tokenizer/*.json" in asked[1][2]
    assert not any(pattern.startswith(("*", "vae")) for pattern in asked[1][2])


def test_an_unknown_device_is_refused():
    with pytest.raises(UsageError, match="device 'abacus'"):
        best_device("abacus")

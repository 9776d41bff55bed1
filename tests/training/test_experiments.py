"""Experiments: a kill changes nothing, processes share a run, splits do not leak, EEG is all there is."""

import copy
import dataclasses
import inspect
import json
import multiprocessing as mp
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from rtbci.errors import StoppedError, UsageError
from tests.training.experiment_world import (
    COHORT,
    KILLED,
    experiment,
    killed_run,
    loop,
    material,
    quarrelling_run,
    shared_run,
)
from tests.training.lab_world import write_recordings
from training.audit import LeakError, audit_split
from training.check_data import open_source
from training.experiments.loop import CHECKPOINT
from training.experiments.material import Material
from training.experiments.net import Net, loss_of
from training.experiments.queue import Place, rows_of, run_all
from training.experiments.results import shown_alike, timed_alike, write_results
from training.experiments.runs import Run, blended_noise
from training.experiments.settings import (
    ConformerSettings,
    Curriculum,
    Losses,
    Variant,
    experiment_names,
    fingerprint,
    load_experiment,
    without_defaults,
)
from training.experiments.tables import labels_only_rows, reference_of


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiment")
    material(folder)
    return folder


@pytest.fixture
def made(cache: Path) -> Material:
    return material(cache)


def test_every_experiment_that_ships_can_be_read() -> None:
    assert {"own-subject", "cross-subject", "alignment", "ablations", "calibration"} <= set(
        experiment_names()
    )
    for name in experiment_names():
        loaded = load_experiment(name)
        assert loaded.name == name
        # Settings that are the same give the same run: two variants that are one would be a mistake.
        settings = [(loaded.settings(variant), variant.calibrate) for variant in loaded.variants]
        assert all(settings.index(one) == place for place, one in enumerate(settings)), name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"', "missing required field"),
        ('extends = "cross-subject"\nbaseline = "nobody"', "nobody"),
        ('extends = "cross-subject"\n[base]\nstepz = 3', "stepz"),
        ('extends = "cross-subject"\n[base]\nsteps = "many"', "steps"),
        ('extends = "cross-subject"\n[base]\nvalidate_every = 0', "validate_every"),
        ('extends = "cross-subject"\nvalidation = 0', "validation"),
        ('extends = "calibration"\n[[variants]]\nname = "a"\ncalibrate = ["magic"]', "magic"),
        ("= 3", "cannot be used"),
        ('extends = "nope"', "extends 'nope', which there is not; .* ablations, alignment, base, "),
        ('extends = "../configs/base"', "which there is not"),
        ("extends = 3", "which there is not"),
    ],
)
def test_settings_that_are_wrong_are_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=says):
        load_experiment(str(file))


def test_a_curriculum_and_a_kill_change_nothing(made: Material, cache: Path, tmp_path: Path) -> None:
    """Killed when the best weights on the disk are newer than the checkpoint, which has not seen them."""
    settings = made.experiment.settings(Variant(name="x", change=KILLED))
    whole = loop(made, settings, tmp_path / "whole")
    whole.run()
    killed = mp.get_context("spawn").Process(
        target=killed_run, args=(str(cache), str(tmp_path / "killed"), 7)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    again = loop(made, settings, tmp_path / "killed")
    # A checkpoint at step 3, and better weights at step 4 and 6.
    assert again.progress.step == 3 and again.progress.best_step == 2
    stale, newer = (
        torch.load(tmp_path / "killed" / name, weights_only=True) for name in (CHECKPOINT, "best.pt")
    )
    assert any(not torch.equal(stale["mean"][f"module.{name}"], newer[name]) for name in newer)
    again.run()
    assert len(whole.progress.active) == 3 and len(whole.progress.history) == 6
    ours, theirs = whole.best.state_dict(), again.best.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert whole.progress.history == again.progress.history


def test_a_deadline_stops_it_and_it_goes_on_with_its_curriculum(made: Material, tmp_path: Path) -> None:
    settings = made.experiment.settings(
        Variant(
            name="x", change={"curriculum": {}, "reversal": 0.5, "subject_layers": True, "pseudo_trials": 4}
        )
    )
    whole = loop(made, settings, tmp_path / "whole")
    whole.run()
    seconds = [0.0]
    while True:
        parts = loop(made, settings, tmp_path / "parts", deadline=time.monotonic() - 1)
        assert parts.progress.seconds == seconds[-1]
        try:
            parts.run()
            break
        except StoppedError as stopped:
            assert "run it again to go on" in str(stopped)
        seconds.append(parts.progress.seconds)
        assert seconds[-1] > seconds[-2]
    assert parts.progress.active == whole.progress.active
    assert len(whole.progress.active) == 3
    ours, theirs = whole.best.state_dict(), parts.best.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_two_processes_train_to_the_loss_of_one(cache: Path, tmp_path: Path) -> None:
    made = material(cache, precision="no")
    alone = loop(made, made.experiment.base, tmp_path / "alone")
    alone.run()
    _share(shared_run, str(cache), str(tmp_path / "pair"), "no")
    both = torch.load(tmp_path / "pair" / "checkpoint.pt", weights_only=True)["progress"]
    first = alone.progress.history[0]["own_loss"]
    assert both["step"] == alone.progress.step
    # Batch norm sees half a batch in each, and dropout another draw.
    assert abs(both["history"][-1]["own_loss"] - alone.progress.history[-1]["own_loss"]) < 0.1 * first


def test_two_processes_stop_together_whatever_each_by_itself_would_do(cache: Path, tmp_path: Path) -> None:
    _share(quarrelling_run, str(cache), str(tmp_path))
    first, second = (json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in range(2))
    assert first["stopped"] == second["stopped"] == 10
    assert first["progress"] == second["progress"]
    assert first["progress"]["since_best"] == 1
    assert 10 < first["progress"]["step"] < 60
    assert sorted(first["progress"]["active"]) == [0, 1, 2]
    # Each takes its part of the batch, and draws what nobody else draws in any step.
    assert set(first["seen"]) == set(second["seen"]) == {12}
    assert len({*first["seeds"], *second["seeds"]}) == len(first["seen"]) + len(second["seeds"])


def _share(target: Callable[..., None], *args: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = mp.get_context("spawn")
    pair = [context.Process(target=target, args=(rank, 2, port, *args)) for rank in range(2)]
    for process in pair:
        process.start()
    until = time.monotonic() + 300
    try:
        for process in pair:
            process.join(max(0.0, until - time.monotonic()))
        assert [process.exitcode for process in pair] == [0, 0]
    finally:
        for process in pair:
            process.kill()


def test_heads_without_a_known_label_have_a_gradient_of_zeros() -> None:
    answer = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    weights = Losses(attributes=0.5)
    loss_of({"is_big": answer}, {"is_big": torch.full((4,), -1)}, weights).backward()
    assert answer.grad is not None
    assert not answer.grad.any()
    cross_entropy = torch.nn.functional.cross_entropy
    some = torch.tensor([2, -1, 0, -1])
    torch.testing.assert_close(
        loss_of({"is_big": answer}, {"is_big": some}, weights), 0.5 * cross_entropy(answer[::2], some[::2])
    )
    soft = torch.softmax(torch.randn(4, 3), dim=1)
    torch.testing.assert_close(
        loss_of({"is_big": answer}, {"is_big": soft}, weights), 0.5 * cross_entropy(answer, soft)
    )


def test_checkpoints_keep_the_scale_of_gradients_and_whose_they_are(
    made: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = msgspec.structs.replace(made.experiment.base, precision="no", steps=2)
    # On a processor nothing needs a scale; on a GPU accelerate makes one for fp16.
    monkeypatch.setattr(
        "accelerate.Accelerator.scaler",
        property(
            lambda self: self.__dict__.get("mine"), lambda self, _: self.__dict__.update(mine=_scaler())
        ),
        raising=False,
    )
    whole = loop(made, settings, tmp_path, identity="this")
    whole.run()
    assert whole.accelerator.scaler.get_scale() == 8.0 * 2**2
    again = loop(made, settings, tmp_path, identity="this")
    assert again.accelerator.scaler.get_scale() == 8.0 * 2**2
    with pytest.raises(UsageError, match="other settings or data"):
        loop(made, settings, tmp_path, identity="that")
    wider = msgspec.structs.replace(settings, model=msgspec.structs.replace(settings.model, trunk=40))
    with pytest.raises(UsageError, match="name another folder"):
        loop(made, wider, tmp_path, identity="this")
    # As it was before there were identities, seconds and scales.
    file = tmp_path / CHECKPOINT
    state = torch.load(file, weights_only=True)
    del state["identity"], state["scaler"], state["progress"]["seconds"]
    torch.save(state, file)
    assert loop(made, settings, tmp_path).progress.step == 2
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(UsageError, match="cannot be read"):
        loop(made, settings, tmp_path)
    assert not list(tmp_path.glob("*.partial"))


def _scaler() -> torch.amp.GradScaler:
    return torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=1)


def test_a_mean_feature_is_of_the_wearer_whose_place_it_has(
    made: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "known", (3, 1, 2))
    running = loop(made, made.experiment.base, tmp_path)
    running.x = torch.from_numpy(made.clips.subject).float()[:, None, None].expand(-1, 62, 5)
    monkeypatch.setattr(running.mean.module, "features", lambda eeg, layer: eeg[:, :2, 0])
    assert running._means()[:, 0].tolist() == [3, 1, 2]


def test_the_roles_share_nothing_and_the_audit_saw_them(made: Material) -> None:
    roles, clips = made.roles, made.clips
    rows = np.concatenate([getattr(roles, name) for name in roles.__dataclass_fields__])
    assert len(np.unique(rows)) == len(rows) == len(clips)
    assert set(clips.subject[roles.unseen]).isdisjoint(clips.subject[roles.train])
    assert set(clips.block[roles.test]) == {3}
    assert set(clips.block[roles.validation]) == {2}
    assert made.audit["known"]["test_windows"] == len(roles.test)


def test_calibration_takes_whole_slots_from_the_start(made: Material) -> None:
    rows = made.calibration(4, 0.15)
    clips = made.clips.where(rows)
    assert len(rows) % 5 == 0
    assert abs(len(rows) / 160 - 0.15) < 0.04
    assert set(clips.block) == {0}
    assert set(rows).isdisjoint(made.roles.unseen)


def test_what_the_whitening_was_made_of_is_held_against_the_test_too(made: Material) -> None:
    known = [COHORT.blocks(subject) for subject in COHORT.subjects()[:3]]
    assert shown_alike(made) and timed_alike(made)
    for claim in ("known", "unseen"):
        found = made.audit[claim]["learnt"]["normalisation"]
        # One whole block of each known wearer, and none that is tested.
        assert found["windows"] == 3 and found["nearest_s"] is None
    assert set(made._audit([blocks[1] for blocks in known])) == set(made.audit)
    with pytest.raises(LeakError, match="within 1 s of normalisation windows"):
        made._audit([blocks[-1] for blocks in known])
    with pytest.raises(LeakError, match="1 test subjects are in normalisation as well"):
        made._audit([COHORT.blocks("sub4")[0]])


def test_an_unseen_wearer_of_one_session_is_judged_and_cannot_be_calibrated(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "data")
    for session in (2, 3):
        (folder / "w02" / f"{session}.xdf").unlink()
    source = open_source(folder)
    whole = msgspec.structs.replace(experiment(), known=1, unseen=1)
    found = Material(source, whole, tmp_path / "cache", processes=1)
    assert len(found.roles.unseen) and not len(found.roles.calibration)
    assert set(found.audit) == {"known", "unseen"}
    # Each wearer of own recordings was shown clips of their own.
    assert not shown_alike(found) and not timed_alike(found)
    asked = msgspec.structs.replace(whole, variants=(Variant(name="test", calibrate=("no adapter",)),))
    with pytest.raises(UsageError, match=r"^All that w02 in .* record another session of w02"):
        Material(source, asked, tmp_path / "untouched", processes=1)
    assert not (tmp_path / "untouched").exists()


def test_a_random_split_of_clips_is_caught(made: Material) -> None:
    mine = np.flatnonzero(made.clips.subject == 1)
    drawn = np.random.default_rng(0).permutation(mine)
    train, test = (made.clips.where(np.sort(part)).spans() for part in (drawn[40:], drawn[:40]))
    with pytest.raises(LeakError, match="runs of one concept"):
        audit_split({"training": train}, test)


def test_an_oracle_cannot_be_expressed() -> None:
    """What decodes takes EEG and the index of a spatial layer, and no more: no caption, label or picture."""
    assert list(inspect.signature(Net.features).parameters) == ["self", "eeg", "layer"]
    assert list(inspect.signature(Net.forward).parameters) == ["self", "eeg", "layer", "reverse"]


@pytest.mark.parametrize("where", ["", "[base]\n", "[base.losses]\n"])
@pytest.mark.parametrize("wish", ["true_captions", "targets_at_inference", "oracle"])
def test_settings_that_ask_for_the_truth_at_inference_are_refused(
    tmp_path: Path, where: str, wish: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'extends = "cross-subject"\n{where}{wish} = true')
    with pytest.raises(UsageError, match=wish):
        load_experiment(str(file))


def _other_concepts(made: Material, rows: np.ndarray) -> Material:
    other, concept = copy.copy(made), made.clips.concept.copy()
    concept[rows] = (concept[rows] + np.random.default_rng(0).integers(1, 8, len(rows))) % 8
    other.clips = dataclasses.replace(made.clips, concept=concept)
    return other


def _garbled(made: Material, rows: np.ndarray) -> Material:
    """The same EEG, and other labels of some clips; what only they show is not even a number."""
    other, rng = _other_concepts(made, rows), np.random.default_rng(0)
    row = made.label_row.copy()
    alone = np.setdiff1d(row[rows], np.delete(row, rows))
    assert len(alone)
    row[rows] = rng.permutation(row[rows])
    text, latent = made.labels.text.copy(), made.labels.latent.copy()
    text[alone], latent[alone] = np.nan, np.nan
    attributes = {name: (said, values.copy()) for name, (said, values) in made.labels.attributes.items()}
    for _, values in attributes.values():
        values[alone] = rng.permutation(values[alone])
    other.label_row = row
    other.labels = dataclasses.replace(made.labels, text=text, latent=latent, attributes=attributes)
    return other


_ALL_HEADS = {"concept": 1.0, "text": 0.5, "latent": 0.5, "attributes": 0.2}


@pytest.mark.parametrize("change", [{"losses": _ALL_HEADS}, {"encoder": "ridge"}])
def test_what_is_said_of_test_clips_does_not_depend_on_their_labels(
    made: Material, tmp_path: Path, change: dict[str, object]
) -> None:
    settings = made.experiment.settings(Variant(name="x", change={"precision": "no", **change}))
    tested = np.concatenate([made.roles.test, made.roles.unseen])
    plain = Run(settings, made, 0, tmp_path / "plain").make()
    assert {"text", "latent"} <= set(plain.answers) or settings.encoder == "ridge"
    blind = Run(settings, _garbled(made, tested), 0, tmp_path / "blind").make()
    assert np.array_equal(plain.rows, blind.rows) and plain.answers.keys() == blind.answers.keys()
    assert plain.noise.tobytes() == blind.noise.tobytes()
    assert all(plain.answers[name].tobytes() == blind.answers[name].tobytes() for name in plain.answers)
    # What is learnt from does change what is said.
    taught = Run(settings, _other_concepts(made, made.roles.train), 0, tmp_path / "taught").make()
    assert taught.logits.tobytes() != plain.logits.tobytes()


def test_what_is_said_of_a_test_clip_follows_its_eeg(made: Material, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(made.experiment.base, encoder="ridge")
    plain = Run(settings, made, 0, tmp_path / "plain").make()
    one, two = made.roles.test[:2]
    x = made.x(settings).clone()
    x[[one, two]] = x[[two, one]]
    other = copy.copy(made)
    other.x = lambda _: x  # type: ignore[method-assign]
    swapped = Run(settings, other, 0, tmp_path / "swapped").make()
    at = [int(np.flatnonzero(plain.rows == row)[0]) for row in (one, two)]
    np.testing.assert_allclose(swapped.logits[at], plain.logits[at[::-1]], rtol=1e-5, atol=1e-6)
    assert not np.allclose(plain.logits[at[0]], plain.logits[at[1]])


def test_noise_is_like_the_wearers_eeg_and_like_no_window() -> None:
    rng = np.random.default_rng(1)
    mixing = rng.standard_normal((2, 62, 62)) / 8
    subject = np.repeat([3, 7], 300)
    eeg = np.concatenate([mixing[i] @ rng.standard_normal((300, 62, 50)) for i in range(2)]).astype(
        np.float32
    )
    # One window of each is loud: its noise must not be.
    eeg[[0, 300]] *= 5
    before = eeg.copy()
    noise = blended_noise(eeg, subject, np.random.default_rng(2))
    assert np.array_equal(eeg, before)
    for number in (3, 7):
        ours, theirs = (np.cov(x[subject == number].transpose(1, 0, 2).reshape(62, -1)) for x in (noise, eeg))
        assert np.linalg.norm(ours - theirs) < 0.15 * np.linalg.norm(theirs)
    assert noise[0].std() < 0.5 * eeg[0].std()
    assert abs(np.corrcoef(noise.ravel(), eeg.ravel())[0, 1]) < 0.05


def test_an_experiment_from_windows_to_report(made: Material, cache: Path, tmp_path: Path) -> None:
    whole = msgspec.structs.replace(
        experiment(),
        known=3,
        unseen=1,
        baseline="ridge",
        variants=(
            Variant(name="ridge", change={"encoder": "ridge"}),
            Variant(name="own ridge", change={"encoder": "ridge", "own_subjects": 2}),
            Variant(name="hrt", calibrate=("no adapter", "own ridge alone")),
        ),
    )
    place = Place(cache, tmp_path / "no codec")
    done = list(run_all(whole, COHORT, place, seeds=[0], workers=1))
    assert [(one[0], one[3], one[4]) for one in done] == [("ridge", 1, 3), ("own ridge", 2, 3), ("hrt", 3, 3)]
    _, rows, missing, codes = rows_of(whole, COHORT, place, [0, 1])
    # A linear decoder is the same with any seed.
    assert missing == ["hrt, seed 1"]
    assert len(codes) == 1
    figure = {(r.table, r.variant, r.subject, r.metric): r for r in rows}
    ridge = figure["known wearers", "ridge", "sub1", "top1"]
    # 4 is far clearer than life: even so little data tells the eight concepts apart.
    assert ridge.chance == pytest.approx(1 / 8)
    assert ridge.value > 3 / 8
    assert figure["known wearers", "ridge", "sub1", "noise_top1"].value < ridge.value / 2
    assert ("known wearers", "own ridge", "sub3", "top1") not in figure
    assert next(iter(labels_only_rows(made, "4"))).value <= 0.5
    calibrated = ("unseen wearers, calibrated", "hrt: own ridge alone", "sub4")
    assert (*calibrated, "seconds") in figure
    named = ("top1", "noise_top1", "top1_over_noise")
    top1, noise, over = (figure[*calibrated, name].value for name in named)
    assert over == top1 - noise
    written = write_results(whole, [COHORT], place, [0, 1], tmp_path / "report")
    assert {file.name for file in written.iterdir()} == {
        "report.json", "report.md", "report.html", "statistics.json",
    }  # fmt: skip
    assert "Not done yet at '4': hrt, seed 1" in (written / "report.md").read_text()
    statistics = msgspec.json.decode((written / "statistics.json").read_bytes())["rows"]
    (of,) = (row for row in statistics if row["variant"] == "hrt: own ridge alone")
    assert of["top1"] == pytest.approx(top1)
    assert 0 < of["p_value"] <= 1 and "calibration" not in of
    record = msgspec.json.decode(
        (Run(whole.base, made, 0, place.runs).folder.parent.glob("*/run.json")).__next__().read_bytes()
    )
    assert {"settings", "seed", "code", "data", "environment", "audit"} <= set(record)


def test_each_variant_is_held_against_what_it_changes() -> None:
    alignment, ablations = load_experiment("alignment"), load_experiment("ablations")
    held = {v.name: reference_of(alignment, "known wearers", v.name) for v in alignment.variants}
    assert held["aligned: gradient reversal alone"] == "aligned: pooled"
    assert held["raw: C-SA, random order"] == "raw: C-SA (both)"
    assert reference_of(ablations, "known wearers", "not aligned, without Occipital") == "not aligned"
    wanted = reference_of(alignment, "unseen wearers, calibrated", "aligned: pooled: own ridge alone")
    assert wanted == "aligned: pooled: no adapter"


def test_other_targets_make_another_run(made: Material, tmp_path: Path) -> None:
    run = Run(made.experiment.base, made, 0, tmp_path)
    other = copy.copy(made)
    other.labels = dataclasses.replace(made.labels, latent=None)
    assert Run(made.experiment.base, other, 0, tmp_path).key != run.key
    other.labels = dataclasses.replace(made.labels, text=made.labels.text + 1)
    assert Run(made.experiment.base, other, 0, tmp_path).key != run.key
    assert Run(made.experiment.base, made, 1, tmp_path).key != run.key


def test_one_bad_run_does_not_keep_the_others(cache: Path, tmp_path: Path) -> None:
    whole = msgspec.structs.replace(
        experiment(),
        variants=(
            Variant(name="diverges", change={"rate": 1e30, "precision": "no", "warm_up": 1}),
            Variant(name="test", change={"encoder": "ridge"}),
        ),
    )
    place = Place(cache, tmp_path / "no codec")
    done = []
    with pytest.raises(UsageError, match="1 of 2 runs could not be made: diverges, seed 0"):
        done.extend(run_all(whole, COHORT, place, seeds=[0], workers=1))


def test_a_conformer_is_as_its_settings_say() -> None:
    base = load_experiment("own-subject").base
    small = ConformerSettings(layers=1, hidden=(), dropout=0.0)
    published, ours = (
        Net(msgspec.structs.replace(base, encoder="conformer", conformer=one), {"concept": 40}, 1, 100)
        for one in (ConformerSettings(), small)
    )
    assert published.encoder.features == 32 and ours.encoder.features == 28 * 40
    eeg, layer = torch.randn(2, 62, 100), torch.zeros(2, dtype=torch.int64)
    assert torch.equal(ours(eeg, layer)["concept"], ours(eeg, layer)["concept"])
    assert not torch.equal(published(eeg, layer)["concept"], published(eeg, layer)["concept"])


def test_a_run_is_named_by_what_differs_from_the_defaults() -> None:
    base = load_experiment("alignment").base
    said = msgspec.convert(msgspec.to_builtins(base), type(base))
    assert fingerprint(said, 1) == fingerprint(base, 1)
    again = msgspec.json.decode(msgspec.json.encode(base), type=type(base))
    assert fingerprint(again, 1) == fingerprint(base, 1)
    assert fingerprint(msgspec.structs.replace(base, noise=0.5), 1) != fingerprint(base, 1)
    model = msgspec.structs.replace(base.model, multi_scale=False)
    assert fingerprint(msgspec.structs.replace(base, model=model), 1) != fingerprint(base, 1)
    assert without_defaults(Curriculum(until=0.6)) == {}

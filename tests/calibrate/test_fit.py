"""Fitting on sittings whose truth is known: wearers made of a few directions, an encoder that reads them."""

import numpy as np
import pytest
from onnx import helper, load, numpy_helper, save

from rtbci.bundle import load_bundle
from rtbci.calibrate import Sitting, WatchedClip, calibrate, fit, frozen_encoder, generic_layer
from rtbci.calibrate.candidates import CANDIDATES
from rtbci.calibrate.evidence import Outcome
from rtbci.calibrate.fit import choose
from rtbci.calibrate.session import Collected
from rtbci.calibrate.waveform import waveform
from rtbci.cli.gradients import with_gradients
from rtbci.decode import Decoder
from rtbci.errors import BundleError, WearerError
from rtbci.stimuli.concepts import CONCEPTS
from rtbci.wearers import load_profile, save_profile
from tests.tiny_bundle import tiny_engines, write_tiny_bundle

K = len(CONCEPTS)
D = 8
RNG = np.random.default_rng(11)
DIRECTIONS = np.linalg.qr(RNG.standard_normal((62, D)))[0]
CODE = RNG.standard_normal((K, D, 5))
"""What each concept does along each direction, in five stretches of 0.4 s."""


def encode(eeg):
    """Project on the directions, and match with the code."""
    seen = np.einsum("cd,nct->ndt", DIRECTIONS, eeg.reshape(len(eeg), 62, 5, 80).mean(axis=3))
    return {"concept": np.einsum("ndt,kdt->nk", seen, CODE).astype(np.float64)}


def sitting(concepts, gain=1.0, mix=None, noise=3.0, seed=0, slow=0.0):
    """Windows every 0.5 s while clips are watched one after the other; `mix` turns the wearer's channels."""
    rng = np.random.default_rng(seed)
    n = len(concepts)
    eeg = noise * rng.standard_normal((62, 400 * n))
    if slow:
        drift = np.cumsum(rng.standard_normal((62, 20 * n)), axis=1)
        eeg += slow * np.repeat(drift - drift.mean(axis=1, keepdims=True), 20, axis=1)
    for i, concept in enumerate(concepts):
        answer = np.repeat(DIRECTIONS @ CODE[concept], 80, axis=1)
        eeg[:, 400 * i : 400 * (i + 1)] += gain * answer
    eeg = eeg if mix is None else mix @ eeg
    ends = np.arange(400, 400 * n + 1, 100)
    z = np.stack([eeg[:, end - 400 : end] for end in ends]).astype(np.float32)
    clips = tuple(WatchedClip(2.0 * i, 2.0, int(c)) for i, c in enumerate(concepts))
    return Sitting(z, ends / 200, clips)


def rounds(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(K) for _ in range(count)])


def turn(angle):
    """Turn the first direction into the second, the third into the fourth, …"""
    rotation = np.eye(D)
    for i in range(0, D, 2):
        c, s = np.cos(angle), np.sin(angle)
        rotation[i : i + 2, i : i + 2] = [[c, -s], [s, c]]
    return np.eye(62) + DIRECTIONS @ (rotation - np.eye(D)) @ DIRECTIONS.T


def by_name(report):
    return {candidate.name: candidate for candidate in report.candidates}


def run(s, **options):
    return fit(s, encode, np.eye(62), hazard=0.05, **options)


def test_noise_is_not_calibrated_to():
    found = run(sitting(rounds(2), gain=0.0))
    assert found.report.chosen == "none"
    np.testing.assert_array_equal(found.adapter.matrix, np.eye(62))
    assert not found.adapter.own_weight.any()
    for candidate in found.report.candidates:
        assert candidate.ci95[0] <= 1 / K, candidate.name
    predicted = found.report.predicted
    assert predicted.ci95[0] <= predicted.chance == 1 / K


def test_slow_drift_and_slots_do_not_leak():
    """Five clips of a concept in a row, on EEG that drifts: dealt out at random, any decoder would shine."""
    concepts = np.repeat(np.random.default_rng(1).permutation(K), 5)
    some = [c for c in CANDIDATES if c.name != "layer"]
    report = run(sitting(concepts, gain=0.0, slow=0.3), candidates=some).report
    assert report.slots == K
    for candidate in report.candidates:
        assert candidate.top1 < 0.1, candidate.name
    assert report.predicted.ci95[0] <= report.chance


def test_a_wearer_with_turned_channels_gets_a_layer():
    mix = turn(1.4)
    some = [c for c in CANDIDATES if c.name in ("none", "head", "layer")]
    found = run(sitting(rounds(3), gain=0.5, mix=mix), candidates=some)
    scores = by_name(found.report)
    assert scores["layer"].top1 > 2 * scores["none"].top1
    assert found.report.chosen == "layer"
    # It is worth on new clips what was predicted.
    new = sitting(rounds(3, seed=5), gain=0.5, mix=mix, seed=9)
    aligned = new.z[::4]
    hits = (encode(found.adapter.spatial(aligned))["concept"].argmax(1) == rounds(3, seed=5)).mean()
    assert hits > 2 * (encode(aligned)["concept"].argmax(1) == rounds(3, seed=5)).mean()


def test_a_wearer_who_is_as_the_cohort_is_left_alone_but_for_the_exponent():
    some = [c for c in CANDIDATES if c.name != "layer"]
    found = run(sitting(rounds(3), gain=0.6), candidates=some)
    assert by_name(found.report)["none"].top1 > 0.3
    assert found.report.predicted.top1 >= by_name(found.report)["none"].top1
    assert found.adapter.exponent == found.report.exponent > 0


def test_an_encoder_that_confuses_concepts_gets_a_head():
    shuffled = np.random.default_rng(2).permutation(K)

    def confused(eeg):
        return {"concept": encode(eeg)["concept"][:, shuffled]}

    heads = [c for c in CANDIDATES if c.name in ("none", "head")]
    found = fit(sitting(rounds(6), gain=0.8), confused, np.eye(62), hazard=0.05, candidates=heads)
    assert by_name(found.report)["none"].top1 < 0.1
    assert found.report.chosen == "head"
    assert found.report.predicted.top1 > 0.3


def test_an_encoder_that_knows_nothing_is_replaced_by_the_wearers_own():
    def blind(eeg):
        return {"concept": np.random.default_rng(len(eeg)).standard_normal((len(eeg), K))}

    some = [c for c in CANDIDATES if c.name in ("none", "own")]
    found = fit(sitting(rounds(6), gain=1.2), blind, np.eye(62), hazard=0.05, candidates=some)
    assert found.report.chosen == "own"
    assert not found.adapter.head_weight.any()
    assert by_name(found.report)["own"].top1 > 0.2


def test_too_little_is_refused():
    with pytest.raises(WearerError, match="Only 6 clips in 6 runs"):
        run(sitting(np.arange(6)))
    with pytest.raises(WearerError, match="too few to calibrate"):
        run(sitting(np.zeros(40, dtype=int)))


def test_the_report_holds_the_stable_keys():
    content = run(sitting(rounds(1), gain=0.5)).report.to_json()
    assert {"candidates", "chosen", "predicted", "fit_seconds"} <= set(content)
    assert [c["name"] for c in content["candidates"]] == [c.name for c in CANDIDATES]
    assert {"name", "top1", "ci95", "seconds"} <= set(content["candidates"][0])
    assert set(content["predicted"]) == {"top1", "ci95", "chance"}
    assert {"decodable", "plain", "groups", "reliability", "amount"} <= set(content)


def outcome(log_likelihood, hit):
    hit = np.asarray(hit, dtype=bool)
    return Outcome(1.0, np.asarray(log_likelihood, dtype=float), hit, np.full(len(hit), 0.5))


def test_the_simplest_within_a_standard_error_of_the_best_is_chosen():
    rng = np.random.default_rng(0)
    slot = np.arange(100)
    base = rng.standard_normal(100) - 3
    hit = np.ones(100)
    clearly = base + 0.5 + 0.1 * rng.standard_normal(100)
    barely = clearly + 0.01 + rng.standard_normal(100) * 0.5
    assert choose([outcome(base, hit), outcome(clearly, hit), outcome(barely, hit)], slot) == 1
    assert choose([outcome(base, hit), outcome(base - 1, hit)], slot) == 0


def test_what_is_right_less_often_than_none_is_never_chosen():
    slot = np.arange(50)
    hit, fewer = np.arange(50) < 20, np.arange(50) < 19
    assert choose([outcome(np.full(50, -3.0), hit), outcome(np.full(50, -1.0), fewer)], slot) == 0


def test_clips_of_a_slot_count_as_one():
    """Forty clips that all agree are no evidence if they are four slots that do not."""
    slot = np.repeat(np.arange(4), 10)
    base = np.full(40, -3.0)
    better = base + np.repeat([2.0, -1.0, 2.0, -1.0], 10)
    hit = np.ones(40)
    assert choose([outcome(base, hit), outcome(better, hit)], slot) == 0
    assert choose([outcome(base, hit), outcome(better, hit)], np.arange(40)) == 1


def test_from_sitting_to_a_profile_that_decodes(tmp_path, monkeypatch):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    write_tiny_bundle(tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")

    class Contract:
        name = "cap"
        labels = ("Fp1", "Cz")

    collected = Collected(sitting(rounds(1), gain=1.0), Contract(), 3)
    named = []
    profile = calibrate(bundle, collected, "w01", on_progress=named.append)
    assert named == [*(c.name for c in CANDIDATES), "amount of data"]
    assert profile.record.bundle_id == bundle.manifest.id
    assert profile.report["stream"] == {"name": "cap", "lost_samples": 3}
    assert {c["name"] for c in profile.report["not_tried"]} == {"new2source"}
    save_profile(profile)
    loaded = load_profile("w01", bundle_id=bundle.manifest.id)
    z = collected.sitting.z[:3]
    expected = loaded.adapter.concept_logits(frozen_encoder(bundle)(loaded.adapter.spatial(z))["concept"], z)
    live = Decoder(bundle, loaded.adapter)
    np.testing.assert_allclose(live.decode(z[1]).logits["concept"], expected[1], atol=1e-4)


def test_the_generic_layer_is_read_out_of_its_engine(tmp_path):
    engines = tiny_engines(tmp_path, np.random.default_rng(0))
    matrix = np.random.default_rng(3).standard_normal((62, 62)).astype(np.float32)
    model = load(engines["adapter"])
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(matrix, "matrix"))
    save(model, engines["adapter"])
    write_tiny_bundle(tmp_path / "linear", engines=engines)
    np.testing.assert_allclose(generic_layer(load_bundle(tmp_path / "linear")), matrix, atol=1e-5)
    model.graph.node[0].output[0] = "mixed"
    model.graph.node.append(helper.make_node("Tanh", ["mixed"], ["adapted"]))
    save(model, engines["adapter"])
    write_tiny_bundle(tmp_path / "bent", engines=engines)
    with pytest.raises(BundleError, match="does more than mix channels"):
        generic_layer(load_bundle(tmp_path / "bent"))


def test_clips_too_close_together_to_be_held_out_are_refused():
    """Twelve clips of a third of a second, all within windows that overlap."""
    clips = tuple(WatchedClip(1.0 + i / 3, 1 / 3, i) for i in range(12))
    few = Sitting(np.zeros((9, 62, 400), np.float32), 1.0 + np.arange(9) / 2, clips)
    with pytest.raises(WearerError, match="lie so close together"):
        fit(few, encode, np.eye(62), hazard=0.01)


def test_new2source_by_waveform_turns_a_wearer_to_the_known_answers():
    answers = np.einsum("cd,kdt->kct", DIRECTIONS, CODE).repeat(5, axis=2)
    candidates = (CANDIDATES[0], waveform(answers))
    found = run(sitting(rounds(2), gain=0.7, mix=turn(1.4)), candidates=candidates)
    scores = by_name(found.report)
    assert scores["new2source"].top1 > 1.5 * scores["none"].top1
    assert found.report.chosen == "new2source"
    noise = run(sitting(rounds(1), gain=0.0), candidates=candidates)
    assert noise.report.chosen == "none"


def test_what_could_not_be_tried_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("rtbci.cli.gradients.importlib.util.find_spec", lambda name: None)
    write_tiny_bundle(tmp_path / "bundle")
    bundle = load_bundle(tmp_path / "bundle")
    more, not_tried = with_gradients(bundle)
    assert more == ()
    assert {one.name for one in not_tried} == {"layer by gradient", "finetune", "new2source net"}
    assert all("rtbci[train]" in one.why for one in not_tried[:2])
    monkeypatch.undo()
    _, not_tried = with_gradients(bundle)
    assert "export it again" in not_tried[0].why
    some = [c for c in CANDIDATES if c.name in ("none", "own+encoder")]
    content = run(sitting(rounds(1), gain=0.5), candidates=some, not_tried=not_tried).report.to_json()
    assert content["not_tried"][0] == {"name": "layer by gradient", "why": not_tried[0].why}
    assert set(content["won_by"]) == {"mean", "ci95"}

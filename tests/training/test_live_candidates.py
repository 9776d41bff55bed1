"""Candidates of live calibration by gradients: what they find, what they leave alone, how long they take."""

import numpy as np
import pytest
import torch

from rtbci.calibrate.candidates import CANDIDATES, NONE, Fitted, Material
from rtbci.calibrate.fit import fit
from rtbci.calibrate.sitting import find_trials
from rtbci.wearers import Adapter
from tests.calibrate.test_fit import CODE, DIRECTIONS, K, rounds, sitting, turn
from tests.training.tiny_encoder import tiny_bundled
from training.bundled import ConceptLogits, save_encoder
from training.mappers import live


class Reader(torch.nn.Module):
    """Reads the directions of `tests.calibrate.test_fit` from averages over 8 samples."""

    class encoder:
        class settings:
            decimate = 8

    def __init__(self, bundled=None):
        super().__init__()
        self.encoder = Reader.encoder
        self.filters = torch.nn.Parameter(torch.tensor(DIRECTIONS, dtype=torch.float32))
        self.register_buffer("code", torch.tensor(CODE, dtype=torch.float32))

    def forward(self, eeg):
        seen = torch.einsum("cd,nct->ndt", self.filters, eeg.unflatten(2, (5, -1)).mean(dim=3))
        return torch.einsum("ndt,kdt->nk", seen, self.code)


def reads(eeg):
    with torch.no_grad():
        averaged = torch.from_numpy(eeg).unflatten(2, (50, 8)).mean(dim=3)
        return {"concept": Reader()(averaged).double().numpy()}


@pytest.fixture
def layer(monkeypatch):
    monkeypatch.setattr(live, "load_encoder", lambda file: Reader())
    monkeypatch.setattr(live, "ConceptLogits", lambda reader: reader)
    (found,) = live.gradient_candidates("weights", None)
    return found


def material(s, **options):
    return Material(s, find_trials(s), reads, np.eye(62), **options)


def run(s, candidates, clock=lambda: 0.0, **options):
    """Nothing depends on how fast this machine is: its clock stands still."""
    return fit(s, reads, np.eye(62), hazard=0.05, candidates=candidates, clock=clock, **options)


def test_the_layer_turns_a_turned_wearer_back(layer):
    s = sitting(rounds(2), gain=0.5, mix=turn(1.4))
    found = run(s, (NONE, layer))
    none, by_gradient = found.report.candidates
    assert by_gradient.top1 > 1.5 * none.top1
    assert found.report.chosen == "layer by gradient"
    assert found.report.won_by.ci95[0] > 0
    assert not by_gradient.cut_short


def test_noise_keeps_the_decoder_as_it_is(layer):
    found = run(sitting(rounds(1), gain=0.0), (NONE, layer))
    assert found.report.chosen == "none"


def test_what_it_finds_does_not_depend_on_what_runs_beside_it(layer):
    m = material(sitting(rounds(1), gain=0.5, mix=turn(1.0)))
    torch.manual_seed(1)
    first = layer.fit(m, np.arange(30), np.inf)
    torch.manual_seed(2)
    again = layer.fit(m, np.arange(30), np.inf)
    np.testing.assert_array_equal(first.adapter.matrix, again.adapter.matrix)


def test_without_time_it_is_cut_short_and_said_so(layer):
    ticks = iter(range(10_000))
    m = material(sitting(rounds(1), gain=0.5), clock=lambda: float(next(ticks)))
    assert layer.fit(m, np.arange(30), 2.0).cut_short
    s = sitting(rounds(1), gain=0.5)
    ticks = iter(range(100_000))
    found = run(s, (NONE, layer), lambda: float(next(ticks)), budget_s=50.0)
    content = found.report.to_json()
    assert [c["cut_short"] for c in content["candidates"]] == [False, True]


def test_it_builds_on_an_older_layer_and_its_head(layer):
    shuffled = np.random.default_rng(0).permutation(K)
    older = Adapter.identity()
    older = Adapter(turn(-1.3), np.eye(K)[:, shuffled], older.head_bias, older.own_weight, 0.5)
    s = sitting(rounds(1), gain=1.0, mix=turn(1.4))
    m = material(s, start=Fitted(older))
    found = layer.fit(m, np.arange(len(m.trials.example)), np.inf)
    np.testing.assert_array_equal(found.adapter.head_weight, older.head_weight)
    moved = np.abs(found.adapter.matrix - older.matrix).max()
    assert 0 < moved < 1.0


def test_fine_tuning_gives_an_encoder_and_its_graph(tmp_path):
    encoder = tiny_bundled()
    save_encoder(encoder, tmp_path / "w.safetensors")

    def encode(eeg):
        with torch.no_grad():
            averaged = torch.from_numpy(np.asarray(eeg)).unflatten(2, (50, 8)).mean(dim=3)
            return {"concept": ConceptLogits(encoder)(averaged).double().numpy()}

    learnt = []

    def to_graph(one):
        learnt.append(one)
        return b"graph"

    _, finetune = live.gradient_candidates(tmp_path / "w.safetensors", to_graph)
    s = sitting(rounds(1), gain=1.0)
    m = Material(s, find_trials(s), encode, np.eye(62))
    fitted = finetune.fit(m, np.arange(len(m.trials.example)), np.inf)
    assert fitted.graph() == b"graph"
    changed = m.example_logits(fitted, np.arange(5))
    assert np.abs(changed - m.encoded[m.trials.example[:5]]).max() > 1e-4
    before, after = encoder.state_dict(), learnt[0].state_dict()
    assert not torch.equal(before["encoder.heads.concept.weight"], after["encoder.heads.concept.weight"])
    torch.testing.assert_close(before["encoder.heads.sky.weight"], after["encoder.heads.sky.weight"])


def test_closed_form_candidates_build_on_an_older_profile():
    """A head that undoes a shuffle is kept, and what is learnt in a round comes on top of it."""
    shuffled = np.random.default_rng(2).permutation(K)

    def confused(eeg):
        return {"concept": reads(eeg)["concept"][:, shuffled]}

    undo = np.zeros((K, K))
    undo[np.arange(K), shuffled] = 1.0
    older = Adapter.identity()
    older = Adapter(older.matrix, undo, older.head_bias, older.own_weight, 0.5)
    s = sitting(rounds(1), gain=0.8)
    some = [c for c in CANDIDATES if c.name in ("none", "head")]
    anew = fit(s, confused, np.eye(62), hazard=0.05, candidates=some).report
    updated = fit(s, confused, np.eye(62), hazard=0.05, candidates=some, start=Fitted(older)).report
    assert [c.name for c in updated.candidates] == ["profile", "none", "head"]
    assert updated.before.top1 == anew.before.top1
    assert updated.predicted.top1 > anew.predicted.top1 + 0.2
    assert updated.chosen in ("profile", "head")


def test_a_profile_that_no_longer_fits_is_not_kept():
    older = Adapter.identity()
    wrong = Adapter(older.matrix, -np.eye(K), older.head_bias, older.own_weight, 0.5)
    some = [c for c in CANDIDATES if c.name in ("none", "head")]
    found = fit(
        sitting(rounds(2), gain=1.0), reads, np.eye(62), hazard=0.05, candidates=some, start=Fitted(wrong)
    )
    assert found.report.chosen != "profile"

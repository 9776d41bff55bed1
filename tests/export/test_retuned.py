"""An encoder that has learnt, in the bundle's own graph, and weights on their way into a bundle."""

import copy

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from export.encoder import export_module
from export.retuned import retuned_encoder, with_weights
from rtbci.errors import BundleError
from tests.training.tiny_encoder import tiny_bundled
from training.bundled import OUTPUTS, ConceptLogits, load_encoder, save_encoder


@pytest.fixture(scope="module")
def encoder():
    return tiny_bundled()


@pytest.fixture(scope="module")
def graph(encoder, tmp_path_factory):
    file = tmp_path_factory.mktemp("graph") / "encoder.onnx"
    export_module(encoder, OUTPUTS, file)
    return file


def outputs(content, eeg):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"eeg": eeg})


def test_weights_come_back_with_shape_and_temperatures(encoder, tmp_path):
    save_encoder(encoder, tmp_path / "w.safetensors")
    loaded = load_encoder(tmp_path / "w.safetensors")
    eeg = torch.randn(3, 62, 400)
    for mine, theirs in zip(encoder(eeg), loaded(eeg), strict=True):
        torch.testing.assert_close(mine, theirs)
    averaged = torch.nn.functional.avg_pool1d(eeg, encoder.encoder.settings.decimate)
    torch.testing.assert_close(ConceptLogits(loaded)(averaged), encoder(eeg)[0])


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(BundleError, match="not those of an encoder"):
        load_encoder(tmp_path / "w.safetensors")


def test_the_graph_follows_what_was_learnt(encoder, graph):
    """Matrices of the transformer are turned and renamed by the exporter, and must be found again."""
    learnt = copy.deepcopy(encoder)
    with torch.no_grad():
        for parameter in learnt.encoder.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    eeg = np.random.default_rng(0).standard_normal((2, 62, 400)).astype(np.float32)
    given = outputs(retuned_encoder(graph, encoder, learnt), eeg)
    before = outputs(graph.read_bytes(), eeg)
    with torch.no_grad():
        wanted = learnt(torch.from_numpy(eeg))
    for mine, theirs, old in zip(given, wanted, before, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-4)
        assert np.abs(mine - old).max() > 1e-3


def test_a_weight_that_the_graph_lacks_is_refused(graph):
    nowhere = {"unknown": np.zeros((3, 2))}
    with pytest.raises(BundleError, match="holds no weight 'unknown'"):
        with_weights(onnx.load(graph), nowhere, {"unknown": np.ones((3, 2))})

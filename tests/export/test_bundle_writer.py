import msgspec
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from rtbci.bundle import Manifest, Metric, load_bundle
from rtbci.errors import BundleError
from tests.tiny_bundle import tiny_arrays, tiny_engines, write_tiny_bundle


def test_what_is_written_is_read_back(tmp_path):
    arrays = tiny_arrays(np.random.default_rng(5))
    manifest = write_tiny_bundle(tmp_path / "b", arrays=arrays)
    bundle = load_bundle(tmp_path / "b")
    assert bundle.manifest == manifest
    for name, array in arrays.items():
        np.testing.assert_array_equal(bundle.array(name), array)
    on_disk = (tmp_path / "b" / "bundle.json").read_bytes()
    assert msgspec.json.decode(on_disk, type=Manifest) == manifest


def test_the_same_content_gives_the_same_id_and_another_a_new_one(tmp_path):
    first = write_tiny_bundle(tmp_path / "a")
    again = write_tiny_bundle(tmp_path / "b")
    other = write_tiny_bundle(tmp_path / "c", description="Another.")
    assert first.id == again.id
    assert first.id.startswith("tiny-")
    assert other.id != first.id


def test_engines_describe_themselves(tmp_path):
    graphs = tmp_path / "graphs"
    graphs.mkdir()
    engines = tiny_engines(graphs, np.random.default_rng(0))
    model = onnx.load(engines["encoder"])
    manifest = write_tiny_bundle(tmp_path / "b", engines=engines)
    encoder = manifest.engines["encoder"]
    assert encoder.precision == "fp32"
    assert [(t.name, t.dtype, t.shape) for t in encoder.inputs] == [("eeg", "float32", (-1, 62, 400))]
    assert {t.name: t.shape for t in encoder.outputs}["latent"] == (-1, 8, 16, 16)
    assert len(encoder.outputs) == len(model.graph.output)


def test_half_precision_weights_are_named_so(tmp_path):
    graphs = tmp_path / "graphs"
    graphs.mkdir()
    engines = tiny_engines(graphs, np.random.default_rng(0))
    model = onnx.load(engines["adapter"])
    half = numpy_helper.from_array(np.eye(62, dtype=np.float16), "half")
    del model.graph.initializer[:]
    model.graph.initializer.append(half)
    model.graph.node.insert(0, onnx.helper.make_node("Cast", ["half"], ["matrix"], to=onnx.TensorProto.FLOAT))
    onnx.save(model, engines["adapter"])
    assert write_tiny_bundle(tmp_path / "b", engines=engines).engines["adapter"].precision == "fp16"


def test_too_large_a_bundle_is_refused_and_the_old_one_stays(tmp_path):
    old = write_tiny_bundle(tmp_path / "b")
    with pytest.raises(BundleError, match=r"MB, more than the 0\.1 MB allowed"):
        write_tiny_bundle(tmp_path / "b", description="New.", max_bytes=100_000)
    assert load_bundle(tmp_path / "b").manifest == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "b-graphs"]


def test_what_the_reader_would_refuse_is_not_written(tmp_path):
    arrays = tiny_arrays(np.random.default_rng(0))
    del arrays["memory_scale"]
    with pytest.raises(BundleError, match="no array 'memory_scale'"):
        write_tiny_bundle(tmp_path / "b", arrays=arrays)
    assert not (tmp_path / "b").exists()


def test_a_bundle_replaces_a_bundle_but_nothing_else(tmp_path):
    write_tiny_bundle(tmp_path / "b")
    new = write_tiny_bundle(tmp_path / "b", description="New.")
    assert load_bundle(tmp_path / "b").manifest == new
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("all of it")
    with pytest.raises(BundleError, match="is not a bundle"):
        write_tiny_bundle(precious)
    assert (precious / "thesis.txt").read_text() == "all of it"


def test_an_object_array_cannot_get_in(tmp_path):
    arrays = tiny_arrays(np.random.default_rng(0))
    arrays["memory_seed"] = np.array([{}] * 8, dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        write_tiny_bundle(tmp_path / "b", arrays=arrays)
    assert not (tmp_path / "b").exists()


def test_the_card_says_what_it_is_and_what_chance_is(tmp_path):
    metrics = (
        Metric(name="top1", value=0.31, chance=0.025, n=200, split="unseen wearers", ci95=(0.25, 0.38)),
        Metric(name="psnr_db", value=27.5, chance=11.0, n=64, split="held-out scenes"),
    )
    manifest = write_tiny_bundle(tmp_path / "b", metrics=metrics)
    card = (tmp_path / "b" / "MODEL_CARD.md").read_text()
    assert manifest.id in card
    assert "simulated wearers" in card
    assert "8 drawn scenes" in card
    assert "| top1 | 0.31 | 0.025 | 0.25 to 0.38 | 200 | unseen wearers |" in card
    assert "| psnr_db | 27.5 | 11 | not estimated | 64 | held-out scenes |" in card
    assert "Apache-2.0" in card


def test_the_card_of_recorded_data_does_not_claim_simulation(tmp_path):
    write_tiny_bundle(tmp_path / "b", data_fingerprint="seed-dv:1234")
    assert "simulated" not in (tmp_path / "b" / "MODEL_CARD.md").read_text()

"""TensorRT without a GPU: building, keeping, and refusing. Running needs a GPU."""

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rtbci.bundle import Engine, Tensor, load_bundle
from rtbci.bundle.engine import EngineSession
from rtbci.engines import ENGINES, opener
from rtbci.engines.tensorrt import TensorRtSession
from rtbci.engines.tensorrt_build import build, cache_key, cached, load_package
from rtbci.errors import BundleError, UsageError

BUILDERS = [
    pytest.param(
        package,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(module) is None, reason=f"{package} is not installed (rtbci[{package}])"
        ),
    )
    for package, module in (("tensorrt", "tensorrt"), ("tensorrt-rtx", "tensorrt_rtx"))
]


def write_graph(file: Path, operator: str = "Relu", weight: float = 2.0) -> Path:
    nodes = [helper.make_node(operator, ["x"], ["y"]), helper.make_node("Mul", ["y", "w"], ["z"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "z")]
    weights = [numpy_helper.from_array(np.float32(weight), "w")]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)
    return file


def described(file: Path) -> Engine:
    ends = Tensor("x", "float32", (-1, 3)), Tensor("z", "float32", (-1, 3))
    return Engine(file=file.name, sha256="", precision="fp32", inputs=ends[:1], outputs=ends[1:])


@pytest.mark.parametrize("package", BUILDERS)
def test_each_graph_of_the_default_bundle_is_parsed_and_built(package):
    bundle = load_bundle()
    for name in bundle.manifest.engines:
        graph = bundle.engine_path(name)
        # Weights that lie in half precision may be kept so; nothing of them may be lost.
        assert len(build(package, graph)) > 0.8 * graph.stat().st_size


@pytest.mark.parametrize("package", BUILDERS)
def test_a_graph_that_cannot_be_parsed_is_refused_with_its_reason(package, tmp_path):
    unknown = write_graph(tmp_path / "odd.onnx", "NoSuchOperator")
    with pytest.raises(BundleError, match=rf"{package} cannot parse odd.onnx \(.*NoSuchOperator.*\)"):
        build(package, unknown)


@pytest.mark.parametrize("package", BUILDERS)
def test_a_built_engine_is_kept_and_found_again(package, tmp_path):
    graph = write_graph(tmp_path / "g.onnx")
    made = []

    def make():
        made.append(build(package, graph))
        return made[-1]

    first = cached(tmp_path / "kept", package, graph, "gpu", make)
    again = cached(tmp_path / "kept", package, graph, "gpu", make)
    assert first == again and len(made) == 1 and first.read_bytes() == made[0]
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    write_graph(graph, weight=3.0)
    assert cached(tmp_path / "kept", package, graph, "gpu", make) != first
    assert len(made) == 2


def test_an_engine_is_kept_for_its_graph_weights_builder_and_gpu(tmp_path):
    graph = write_graph(tmp_path / "g.onnx")
    keys = [
        cache_key("tensorrt", "10.1", graph, "gpu a"),
        cache_key("tensorrt", "10.2", graph, "gpu a"),
        cache_key("tensorrt-rtx", "10.1", graph, "gpu a"),
        cache_key("tensorrt", "10.1", graph, "gpu b"),
    ]
    assert cache_key("tensorrt", "10.1", graph, "gpu a") == keys[0]
    (tmp_path / "g.weights").write_bytes(b"1")
    keys.append(cache_key("tensorrt", "10.1", graph, "gpu a"))
    (tmp_path / "g.weights").write_bytes(b"2")
    keys.append(cache_key("tensorrt", "10.1", graph, "gpu a"))
    write_graph(graph, weight=3.0)
    keys.append(cache_key("tensorrt", "10.1", graph, "gpu a"))
    assert len(set(keys)) == 7


@pytest.mark.parametrize("package", ["tensorrt", "tensorrt-rtx"])
def test_without_package_or_gpu_there_is_a_sentence_and_no_other_engine(package, tmp_path):
    if has_gpu():
        pytest.skip("there is a GPU here")
    graph = write_graph(tmp_path / "g.onnx")
    with pytest.raises(BundleError, match="onnxruntime-cpu"):
        TensorRtSession(graph, described(graph), package=package, cache=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("package", BUILDERS)
def test_on_a_gpu_it_computes_what_onnxruntime_computes(package, tmp_path):
    if not has_gpu():
        pytest.skip("there is no GPU here")
    graph = write_graph(tmp_path / "g.onnx")
    session = TensorRtSession(graph, described(graph), package=package, cache=tmp_path / "kept")
    plain = EngineSession(graph, described(graph))
    for batch in (1, 5, 2):
        x = np.random.default_rng(batch).standard_normal((batch, 3)).astype(np.float32)
        np.testing.assert_allclose(session.run(x=x)["z"], plain.run(x=x)["z"], rtol=1e-6)


def test_an_engine_is_opened_by_its_name(tmp_path):
    graph = write_graph(tmp_path / "g.onnx")
    session = opener("onnxruntime-cpu")(graph, described(graph))
    x = np.array([[-1, 0, 2]], np.float32)
    np.testing.assert_array_equal(session.run(x=x)["z"], [[0, 0, 4]])
    assert session.provider == "CPUExecutionProvider"
    with pytest.raises(UsageError, match="choose one of onnxruntime-cpu"):
        opener("cpu")
    assert {"onnxruntime-cuda", "tensorrt", "tensorrt-rtx"} < set(ENGINES)


def test_a_package_that_is_not_there_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorrt", None)
    with pytest.raises(BundleError, match=r"pip install 'rtbci\[tensorrt\]'"):
        load_package("tensorrt")


def has_gpu() -> bool:
    try:
        runtime = importlib.import_module("cuda.bindings.runtime")
    except ImportError:
        return False
    found, count = runtime.cudaGetDeviceCount()
    return bool(not found.value and count)

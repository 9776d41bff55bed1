from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from export.parity import Part, compare


class Head(nn.Module):
    """A small network with two outputs, one of them bytes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(6, 16, 3, padding=1)
        self.second = nn.Linear(16, 5)

    def forward(self, x):
        answers = self.second(self.first(x).relu().mean(dim=2))
        return answers, (answers * 20 + 128).clamp(0, 255).to(torch.uint8)


@pytest.fixture(scope="module")
def part():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 6, 20)).astype(np.float32)
    module = Head().eval().requires_grad_(False)
    truth = module(torch.from_numpy(x[:48]))[0].argmax(dim=1).numpy()
    return Part(
        name="head",
        module=module,
        given="x",
        made=("answers", "bytes"),
        inputs=x[:48],
        examples=x[48:],
        task="right, %",
        figure=lambda made: 100 * float((made["answers"].argmax(axis=1) == truth).mean()),
    )


@pytest.fixture(scope="module")
def rows(part, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs")
    return folder, {(row.precision, row.batch): row for row in compare(part, folder, repeats=3)}


def test_every_precision_is_there_for_any_batch_and_for_one(rows):
    _, rows = rows
    precisions = ("fp32", "fp32-half-weights", "fp16", "int8")
    assert set(rows) == {(precision, batch) for precision in precisions for batch in ("any", "one")}
    assert all(0 < row.min_ms <= row.p50_ms for row in rows.values())


def test_the_coarser_the_precision_the_larger_the_error(rows):
    _, rows = rows
    error = {precision: row.mean_error for (precision, batch), row in rows.items() if batch == "any"}
    assert error["fp32"] < 1e-3 < error["int8"]
    assert error["fp32"] <= error["fp32-half-weights"] <= error["fp16"] * 1.5
    assert rows["fp32", "any"].figure == 100 and rows["fp32", "any"].change == 0
    for precision in error:
        free, one = rows[precision, "any"], rows[precision, "one"]
        assert (free.max_error, free.figure) == pytest.approx((one.max_error, one.figure), rel=0.05)


def test_graphs_store_what_their_names_say(rows):
    folder, _ = rows
    kinds = {
        name: {
            w.data_type for w in onnx.load(folder / f"head-{name}.onnx").graph.initializer if len(w.dims) > 1
        }
        for name in ("fp32", "fp32-half-weights", "fp16", "int8")
    }
    assert kinds["fp32"] == {onnx.TensorProto.FLOAT}
    assert kinds["fp16"] == kinds["fp32-half-weights"] == {onnx.TensorProto.FLOAT16}
    assert onnx.TensorProto.INT8 in kinds["int8"]
    one = onnx.load(folder / "head-fp32-one.onnx").graph
    assert [d.dim_value for d in one.input[0].type.tensor_type.shape.dim] == [1, 6, 20]
    assert one.output[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_a_graph_of_other_weights_is_told_by_its_error(part, rows, tmp_path):
    folder, good = rows
    torch.manual_seed(1)
    other = replace(part, module=Head().eval().requires_grad_(False))
    (row,) = [
        row
        for row in compare(other, tmp_path, shipped=folder / "head-fp32.onnx", repeats=2)
        if row.precision == "as shipped"
    ]
    assert row.max_error > 100 * max(good["fp32", "any"].max_error, 1e-6)
    assert row.figure == 100 and row.change > 10

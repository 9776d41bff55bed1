import json

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binomtest

from rtbci.errors import UsageError
from training.metrics import evaluate_files, read_predictions

HITS = (272, 95, 77, 83, 84, 98, 98, 106, 85, 64)
"""Recorded hits of the ten public recordings, of 2800 each."""


def write(path, name, **arrays):
    np.savez(path / name, **arrays)
    return path / name


def test_the_public_recordings_are_barely_above_chance(shared_data):
    folder = shared_data / "seed_dv" / "predictions"
    parts = [read_predictions(folder / f"de_sub{k}.npy") for k in range(1, 11)]
    result = evaluate_files(parts, 1999)
    for row, hits in zip(result["files"], HITS, strict=True):
        interval = binomtest(hits, 2800).proportion_ci(0.95)
        assert (row["n"], row["top1"]) == (2800, hits / 2800)
        assert row["ci95"] == pytest.approx([interval.low, interval.high])
        assert row["chance"] == row["chance_permuted"].__round__(3) == 0.025
        assert (row["shuffled"], row["blocks"]) == ("runs", 7)
        # Windows of one run resemble each other: the honest interval is wider.
        assert row["ci95_clustered"][0] < row["ci95"][0] and row["ci95_clustered"][1] > row["ci95"][1]
    p = np.array([row["p_value"] for row in result["files"]])
    assert p[0] == 1 / 2000 and p[9] > 0.5
    assert ((p < 0.05) == (np.array(HITS) >= 95)).all()

    pooled = result["pooled"]
    interval = binomtest(sum(HITS), 28000).proportion_ci(0.95)
    assert pooled["top1"] == sum(HITS) / 28000
    assert pooled["ci95"] == pytest.approx([interval.low, interval.high])
    assert pooled["ci95"][0] > 0.025 and pooled["ci95"][1] < 0.041
    assert pooled["p_value"] == 1 / 2000
    # One person is an outlier: over people the mean is not surely above chance.
    over = pooled["over_people"]
    assert over["ci95"][0] < 0.025 < over["ci95"][1]
    assert over["median"] == pytest.approx(0.032, abs=5e-4)


@pytest.mark.parametrize("layout", ["npy", "columns", "npz", "csv", "headless", "semicolons", "text"])
def test_every_format_says_the_same(tmp_path, layout):
    rng = np.random.default_rng(0)
    said, true = rng.integers(0, 4, (2, 50))
    path = tmp_path / ("p.npz" if layout == "npz" else "p.npy" if layout in ("npy", "columns") else "p.csv")
    if layout == "npy":
        np.save(path, np.stack([said, true]).astype(np.float32))
    elif layout == "columns":
        np.save(path, np.stack([said, true], axis=1))
    elif layout == "npz":
        np.savez(path, y_pred=said, y_true=true)
    else:
        mark = ";" if layout == "semicolons" else ","
        names = ["cat", "dog", "fish", "bird"] if layout == "text" else [0, 1, 2, 3]
        lines = [f"{names[t]}{mark}{names[s]}" for s, t in zip(said, true, strict=True)]
        if layout == "headless":
            lines = [f"{s},{t}" for s, t in zip(said, true, strict=True)]
        else:
            lines.insert(0, f"true{mark}predicted")
        path.write_text("\n".join(lines) + "\n")
    row = evaluate_files([read_predictions(path)], 99)["files"][0]
    assert row["n"] == 50
    assert row["top1"] == (said == true).mean()
    assert row["chance"] == 0.25


def test_random_predictions_are_at_chance_and_perfect_ones_are_not(tmp_path):
    rng = np.random.default_rng(3)
    true = np.concatenate([np.repeat(rng.permutation(40), 5) for _ in range(7)])
    guess = read_predictions(write(tmp_path, "a.npz", predicted=rng.integers(0, 40, 1400), true=true))
    right = read_predictions(write(tmp_path, "b.npz", predicted=true, true=true))
    result = evaluate_files([guess, right], 499)
    at_chance, perfect = result["files"]
    assert at_chance["p_value"] > 0.05
    assert at_chance["ci95"][0] < 0.025 < at_chance["ci95"][1]
    bits = at_chance["bits"]
    # Plug-in information is far from 0 here, and no further than under permutation.
    assert bits["mutual_information"] > 0.4
    assert bits["mutual_information"] == pytest.approx(bits["mutual_information_chance"], abs=0.06)
    assert (perfect["top1"], perfect["p_value"]) == (1.0, 1 / 500)
    assert perfect["bits"]["mutual_information"] == pytest.approx(np.log2(40))


def test_information_has_no_chance_where_shuffling_only_renames_the_classes(tmp_path):
    true = np.repeat(np.random.default_rng(1).permutation(40), 5)
    parts = [
        read_predictions(
            write(tmp_path, f"{k}.npz", predicted=np.where(np.arange(200) % 3, true, 0), true=true)
        )
        for k in range(3)
    ]
    pooled = evaluate_files(parts, 99)["pooled"]
    assert pooled["bits"]["mutual_information_chance"] is None
    assert pooled["bits"]["mutual_information_p_value"] is None
    assert pooled["p_value"] == 1 / 100


def test_saying_the_commonest_class_is_chance(tmp_path):
    true = np.random.default_rng(0).permutation(np.repeat([0, 1], [700, 300]))
    row = evaluate_files(
        [read_predictions(write(tmp_path, "a.npz", predicted=np.zeros(1000, int), true=true))]
    )
    pooled = row["pooled"]
    assert pooled["top1"] == pooled["chance"] == pooled["chance_permuted"] == 0.7
    assert pooled["p_value"] == 1.0
    assert pooled["balanced"]["accuracy"] == 0.5


def test_scores_bring_top_5_n_way_and_calibration(tmp_path):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 40, 3000)
    logits = rng.standard_normal((3000, 40)) * 1.5
    logits[np.arange(3000), true] += 1.5**2
    # For equal-variance normal scores with this shift, softmax is the true posterior.
    path = write(tmp_path, "s.npz", probabilities=softmax(logits, axis=1), label=true)
    pooled = evaluate_files([read_predictions(path)], 99)["pooled"]
    assert pooled["top1"] == (logits.argmax(axis=1) == true).mean()
    assert pooled["top5"]["accuracy"] > pooled["top1"]
    assert pooled["top5"]["chance"] == 5 / 40
    assert [(row["ways"], row["accepted"]) for row in pooled["n_way"]] == [(2, 1), (40, 1)]
    assert pooled["n_way"][1]["accuracy"] == pytest.approx(pooled["top1"])
    calibration = pooled["calibration"]
    assert calibration["ece"] < 2 * calibration["ece_if_calibrated"]
    assert sum(row["n"] for row in calibration["reliability"]) == 3000


def test_a_classifiers_scores_of_shown_and_generated_clips_bring_the_fields_metric(tmp_path):
    rng = np.random.default_rng(0)
    path = write(tmp_path, "v.npz", scores=rng.random((4000, 400)), shown=rng.random((4000, 400)))
    rows = {
        (row["ways"], row["accepted"]): row
        for row in evaluate_files([read_predictions(path)], 99)["pooled"]["n_way"]
    }
    assert rows[2, 3]["chance"] == 0.75 and rows[2, 1]["chance"] == 0.5
    assert rows[40, 3]["chance"] == pytest.approx(0.071, abs=5e-4)
    for row in rows.values():
        assert row["accuracy"] == pytest.approx(row["chance"], abs=0.02)


def test_people_and_blocks_are_rows_and_borders(tmp_path):
    true = np.tile(np.repeat(np.arange(10), 4), 3)
    who = np.repeat(["ann", "bob", "cy"], 40)
    said = np.where(who == "ann", true, (true + 1) % 10)
    row = evaluate_files(
        [read_predictions(write(tmp_path, "a.npz", pred=said, true=true, subject=who))], 199
    )["files"][0]
    assert [(one["who"], one["top1"]) for one in row["people"]] == [("ann", 1.0), ("bob", 0.0), ("cy", 0.0)]
    assert all(one["ci95"][0] <= one["top1"] <= one["ci95"][1] for one in row["people"])
    assert row["blocks"] == 3
    assert row["over_people"]["people"] == 3
    assert row["over_people"]["ci95"][0] >= 0.0 and row["over_people"]["ci95"][1] <= 1.0


BAD = {
    "missing.npy": (None, "There is no file"),
    "text.txt": ("1,2", "by its name"),
    "junk.npy": (b"not an array", "cannot be read as npy"),
    "empty.npy": (b"", "cannot be read as npy"),
    "junk.npz": (b"PK\x03\x04 broken", "cannot be read as npz"),
    "pickle.npy": (np.array([[{}], [{}]], dtype=object), "pickled"),
    "shape.npy": (np.zeros((3, 10)), r"\(2, n\)"),
    "flat.npy": (np.zeros(10), r"\(2, n\)"),
    "none.npy": (np.zeros((2, 0)), "no windows"),
    "nan.npy": (np.array([[0.0, np.nan], [0.0, 1.0]]), "predicted is nan at window 1"),
    "scores.npy": (np.array([[0.3, 1.0], [0.0, 1.0]]), "predicted is 0.3 at window 0"),
    "keys.npz": ({"a": np.zeros(3), "b": np.zeros(3)}, "has a, b; it needs `true` and `predicted`"),
    "lengths.npz": ({"true": np.zeros(3), "pred": np.zeros(4)}, "predicted has 4, true has 3"),
    "mixed.npz": ({"true": np.array(["a"]), "pred": np.zeros(1)}, "name both alike"),
    "range.npz": ({"true": np.array([3]), "scores": np.zeros((1, 3))}, "true must be 0 to 2"),
    "one.npz": ({"true": [1], "pred": [3], "scores": np.eye(3)[[1]]}, "predicted must be 0 to 2"),
    "words.npz": ({"true": [1], "pred": ["b"], "scores": np.eye(3)[[1]]}, "predicted must be 0 to 2"),
    "distances.npz": (
        {"true": [0, 1, 2], "pred": [0, 1, 2], "scores": 1.0 - np.eye(3)},
        "highest score in 0 of 3 windows; give the scores that the predictions were made from",
    ),
    "huge.csv": ("true,predicted\n1,2\n1,1e300\n", r"predicted is 1e\+300 at window 1, too large"),
    "long.csv": ("true,predicted\n10000000000000000000,2\n", r"true is 1e\+19 at window 0, too large"),
    "unsigned.npz": ({"true": np.array([2**64 - 1], np.uint64), "pred": [1]}, "true is .* too large"),
    "sure.npz": ({"true": [1], "pred": [1], "confidence": [1.5]}, "0 to 1"),
    "ragged.csv": ("true,predicted\n1,2\n1\n", "1 cells in row 3"),
    "header.csv": ("a,b\n1,2\n", "has a, b; it needs"),
    "gap.csv": ("true,predicted\na,b\n,b\n", "true is empty at window 1"),
    "blank.csv": ("\n", "is empty"),
    "latin.csv": (b"true,predicted\n\xe9,\xe9\n", "cannot be read as csv"),
    "many.npy": (np.tile(np.arange(1500), (2, 1)), "more than 1000"),
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_files_are_one_sentence(tmp_path, name):
    content, says = BAD[name]
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=True)
    elif isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=says) as raised:
        evaluate_files([read_predictions(path)], 99)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_scores_may_differ_from_some_predictions_and_tie(tmp_path):
    scores = np.eye(4)
    scores[3] = 1.0
    path = write(tmp_path, "a.npz", true=np.arange(4), pred=np.array([0, 1, 3, 0]), scores=scores)
    assert read_predictions(path).predicted.tolist() == [0, 1, 3, 0]
    path = write(tmp_path, "b.npz", true=np.arange(4), pred=np.array([1, 2, 3, 0]), scores=scores)
    with pytest.raises(UsageError, match="in 1 of 4 windows"):
        read_predictions(path)


def test_blocks_must_fit_and_classes_must_suffice(tmp_path):
    path = write(tmp_path, "a.npz", true=np.arange(10), pred=np.arange(10))
    with pytest.raises(UsageError, match="not 3 equal blocks"):
        read_predictions(path, blocks=3)
    with pytest.raises(UsageError, match="10 classes occur, more than the 5"):
        evaluate_files([read_predictions(path)], 99, classes=5)
    assert evaluate_files([read_predictions(path, 5)], 99)["pooled"]["blocks"] == 5
    other = write(tmp_path, "b.npz", true=np.array(["a"]), pred=np.array(["a"]))
    with pytest.raises(UsageError, match="by text and other files by numbers"):
        evaluate_files([read_predictions(path), read_predictions(other)], 99)


def test_a_report_is_json_whatever_the_size(tmp_path):
    path = write(tmp_path, "a.npz", true=np.array([1]), pred=np.array([2]))
    result = evaluate_files([read_predictions(path)], 99)
    json.dumps(result, allow_nan=False)
    assert result["pooled"]["p_value"] == 1.0

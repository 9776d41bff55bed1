"""The field's figures of generated pictures and clips, each with its chance, its control and its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtbci.errors import UsageError
from training.evaluation.classifiers import Classifier, Pictures, Scores
from training.evaluation.rows import Row
from training.metrics.intervals import clustered_mean_interval
from training.metrics.nway import field_n_way
from training.metrics.ssim import psnr, ssim

WAYS = (2, 40)
_ACCEPTED = 3
_MOST_SHIFTS = 5


def evaluate_pictures(
    true_frames: Pictures,
    drawn_frames: Pictures,
    classifier: Classifier | Sequence[Classifier],
    cluster: NDArray[np.generic] | None = None,
) -> dict[str, dict[str, Any]]:
    """Compare what was drawn with what was shown.

    Parameters
    ----------
    true_frames, drawn_frames : ndarray, shape (n, frames, h, w, 3) or (n, h, w, 3), uint8
        Of the same n clips, or pictures, in the same order.
    classifier : Classifier or sequence of Classifier
        Of frames, of clips, or both; those of clips need clips.
    cluster : ndarray, shape (n,), optional
        Clips that depend on one another, such as those of one subject; each by itself where it is left out.

    Returns
    -------
    dict
        Of each figure: ``value``; ``control``, what the drawn pictures get against *other* clips' true ones;
        ``chance``, exact for the N-way scores, and the control for SSIM and PSNR; ``ci95`` of the value over
        clips; ``n`` clips; ``classifier`` where one was asked.

        Figures: ``frame_2way`` and ``frame_40way``, for which any of the truth's three best classes counts,
        as in published work; the same with ``_strict``, its best class alone; ``video_…`` likewise; ``ssim``
        and ``psnr``. A classifier of few classes is asked for fewer ways than 40, and the name says how many.
        Frames are compared one by one and averaged within their clip.

    Raises
    ------
    UsageError
        If shapes do not fit one another or the classifier, or there are fewer than two clips.
    """
    _check(true_frames, drawn_frames)
    groups = np.arange(len(true_frames)) if cluster is None else cluster
    classifiers = [classifier] if not isinstance(classifier, Sequence) else list(classifier)
    figures: dict[str, dict[str, Any]] = {}
    for one in classifiers:
        shown, drawn = (_scores(one, frames) for frames in (true_frames, drawn_frames))
        figures |= _n_way_figures(one, shown, drawn, groups)
    others = [true_frames[order] for order in _shifts(len(groups), 1)]
    for name, likeness in (("ssim", ssim), ("psnr", psnr)):
        each = _of_clips(likeness(true_frames, drawn_frames))
        control = float(np.mean([likeness(other, drawn_frames).mean() for other in others]))
        figures[name] = _figure(each, control, control, groups, share=False)
    return figures


def picture_rows(
    figures: Mapping[str, Mapping[str, Any]],
    *,
    table: str,
    variant: str,
    setting: str,
    seed: int | None,
    subject: str,
) -> list[Row]:
    """Turn the figures into rows of an experiment."""
    return [
        Row(table, variant, setting, seed, subject, metric, figure["value"], figure["chance"], figure["n"])
        for metric, figure in figures.items()
    ]


def _n_way_figures(
    one: Classifier, shown: Scores, drawn: Scores, groups: NDArray[np.generic]
) -> dict[str, dict[str, Any]]:
    """Score frames (n, frames, classes) or clips (n, 1, classes)."""
    figures = {}
    for wanted in WAYS:
        for accepted, ending in ((_ACCEPTED, ""), (1, "_strict")):
            ways = min(wanted, shown.shape[2] - accepted + 1)
            each, chance = _hits(shown, drawn, ways, accepted)
            orders = _shifts(len(shown), _MOST_SHIFTS)
            control = np.mean([_hits(shown[order], drawn, ways, accepted)[0].mean() for order in orders])
            figure = _figure(each, chance, float(control), groups, share=True)
            figures[f"{one.kind}_{ways}way{ending}"] = figure | {"classifier": one.name}
    return figures


def _hits(shown: Scores, drawn: Scores, ways: int, accepted: int) -> tuple[NDArray[np.float64], float]:
    flat = (-1, shown.shape[2])
    hits, chance = field_n_way(drawn.reshape(flat), shown.reshape(flat), ways, accepted)
    return hits.reshape(shown.shape[:2]).mean(axis=1), chance


def _figure(
    each: NDArray[np.float64], chance: float, control: float, groups: NDArray[np.generic], share: bool
) -> dict[str, Any]:
    bounds = clustered_mean_interval(each, groups)
    if bounds is None:
        raise UsageError("All clips are of one cluster, which gives no interval; name two clusters at least.")
    low, high = (max(0.0, bounds[0]), min(1.0, bounds[1])) if share else bounds
    return {
        "value": float(each.mean()),
        "chance": chance,
        "control": control,
        "ci95": [low, high],
        "n": len(each),
    }


def _scores(one: Classifier, frames: Pictures) -> Scores:
    """Scores (n, frames, classes), of clips (n, 1, classes)."""
    if one.kind == "video":
        if frames.ndim != 5:
            raise UsageError(
                f"{one.name} looks at clips, and these are pictures of shape {frames.shape}; "
                "give clips (n, frames, height, width, 3), or leave it out."
            )
        return one.scores(frames)[:, None]
    each = one.scores(frames.reshape(-1, *frames.shape[-3:]))
    return np.asarray(each.reshape(len(frames), -1, each.shape[1]))


def _of_clips(each: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of each clip's frames, from (n, frames) or (n,)."""
    return np.asarray(each.reshape(len(each), -1).mean(axis=1))


def _shifts(n: int, most: int) -> list[NDArray[np.intp]]:
    """Orders in which every clip meets another one's truth: rolled by far, each time by another step."""
    steps = np.unique(np.linspace(1, n - 1, most + 2)[1:-1].astype(int)) if n > 2 else np.array([1])
    return [np.roll(np.arange(n), int(step)) for step in steps]


def _check(true: Pictures, drawn: Pictures) -> None:
    if true.shape != drawn.shape or true.ndim not in (4, 5) or true.shape[-1] != 3:
        raise UsageError(
            f"What was shown has the shape {true.shape} and what was drawn {drawn.shape}; give both as "
            "(n, height, width, 3) or (n, frames, height, width, 3), of one size."
        )
    if true.dtype != np.uint8 or drawn.dtype != np.uint8:
        raise UsageError(
            f"Pictures are bytes, 0 to 255, and these are {true.dtype} and {drawn.dtype}; "
            "convert them to uint8."
        )
    if len(true) < 2:
        raise UsageError(f"{len(true)} clips cannot be scored against others; give two at least.")

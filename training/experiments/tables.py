"""From runs to the rows of an experiment's tables."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from training.evaluation.rows import Row
from training.experiments.calibration import AS_IT_IS, CHOICE, answers, calibrate
from training.experiments.material import Material
from training.experiments.net import ATTRIBUTE
from training.experiments.probe import subject_readout
from training.experiments.runs import Decoded, Run
from training.experiments.settings import Experiment, Variant
from training.metrics import blind_chance, log_score_bits, reliability_curve
from training.metrics.retrieval import cosine_scores, retrieval

KNOWN, UNSEEN, CALIBRATED = "known wearers", "unseen wearers, not calibrated", "unseen wearers, calibrated"
TASKS = {KNOWN: "attributes and text, known wearers", UNSEEN: "attributes and text, unseen wearers"}
PROBE = "who is watching"
TABLES = (KNOWN, UNSEEN, CALIBRATED, *TASKS.values(), PROBE)
"""In the order of a report."""
LABELS_ONLY = "labels only, no EEG"


def decoded_rows(
    material: Material, variant: Variant, setting: str, seed: int | None, decoded: Decoded
) -> Iterator[Row]:
    """Accuracy on every wearer's test block, the control on noise, and by how much EEG is above that.

    Beside it how many bits the posterior tells, and whether its confidence means what it says.
    """
    posterior = softmax(decoded.logits.astype(np.float64), axis=1)
    ranking = np.argsort(-decoded.logits, axis=1)
    noise = decoded.noise.argmax(axis=1)
    for where, mine in _wearers(material, decoded.rows):
        truth = material.clips.concept[decoded.rows[mine]]
        one, five = _chances(material, truth)
        hit, by_noise = ranking[mine, 0] == truth, noise[mine] == truth
        figures = {
            "top1": (hit.mean(), one),
            "top5": ((ranking[mine, :5] == truth[:, None]).any(axis=1).mean(), five),
            "top1_over_noise": (hit.mean() - by_noise.mean(), 0.0),
            "noise_top1": (by_noise.mean(), one),
            "bits": (log_score_bits(posterior[mine], truth), _prior_bits(truth, posterior.shape[1])),
            "ece": (reliability_curve(posterior[mine].max(axis=1), hit).error, None),
        }
        for metric, (value, chance) in figures.items():
            yield Row(where[0], variant.name, setting, seed, where[1], metric, value, chance, len(truth))


def labels_only_rows(material: Material, setting: str) -> Iterator[Row]:
    """The control without EEG: the commonest concept at each place of a block, among the training blocks."""
    clips, train = material.clips, material.roles.train
    tested = np.concatenate([material.roles.test, material.roles.unseen])
    learnt, place = clips.concept[train], clips.start_s[train]
    usual = {at: np.bincount(learnt[place == at]).argmax() for at in np.unique(place)}
    commonest = np.bincount(learnt).argmax()
    for where, mine in _wearers(material, tested):
        rows = tested[mine]
        said = np.array([usual.get(at, commonest) for at in clips.start_s[rows]])
        truth = clips.concept[rows]
        one, _ = _chances(material, truth)
        hit = float((said == truth).mean())
        yield Row(where[0], LABELS_ONLY, setting, None, where[1], "top1", hit, one, len(rows))


def _wearers(
    material: Material, rows: NDArray[np.int64]
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """Each wearer's table and name, and which of the rows are theirs."""
    subject = material.clips.subject[rows]
    for number in dict.fromkeys(subject.tolist()):
        yield (KNOWN if number in material.known else UNSEEN, f"sub{number}"), subject == number


def _chances(material: Material, truth: NDArray[np.int64]) -> tuple[float, float]:
    """What naming one concept, and five, without looking is worth on these clips."""
    classes = len(np.unique(material.clips.concept[material.roles.train]))
    counts = np.bincount(truth)
    one = blind_chance(counts[counts > 0], classes)
    even = one == 1.0 / classes
    five = min(5, classes) / classes if even else float(np.sort(counts)[-5:].sum() / counts.sum())
    return one, five


def _prior_bits(truth: NDArray[np.int64], classes: int) -> float:
    """Bits that knowing how often each class is shown tells beyond even odds."""
    shares = np.bincount(truth, minlength=classes) / len(truth)
    return float((shares[shares > 0] * np.log2(classes * shares[shares > 0])).sum())


def task_rows(
    material: Material, variant: Variant, setting: str, seed: int | None, decoded: Decoded
) -> Iterator[Row]:
    """Attributes against what the true concept alone would say of them, and retrieval of the clip's text.

    An attribute's chance is the accuracy of naming, for each clip, the commonest value among the clips of its
    concept in all other blocks. Text is sought among those of all clips of the same test block; its chance is
    what the mean text of the true concept would find there.
    """
    clips, rows = material.clips, decoded.rows
    prototypes, centre = _training_text(material)
    for (table, subject), mine in _wearers(material, rows):
        where = (TASKS[table], variant.name, setting, seed, subject)
        everything = np.flatnonzero(clips.subject == clips.subject[rows[mine]][0])
        tested = np.isin(everything, rows)
        for name, (_, values) in material.labels.attributes.items():
            if ATTRIBUTE + name not in decoded.answers:
                continue
            truth = values[material.label_row[rows[mine]]]
            told = truth >= 0
            if not told.any():
                continue
            said = decoded.answers[ATTRIBUTE + name][mine].argmax(axis=1)
            baseline = _said_by_concept(
                values[material.label_row[everything]], clips.concept[everything], tested
            )
            hit = float((said == truth)[told].mean())
            yield Row(*where, f"{name}_accuracy", hit, baseline, int(told.sum()))
        if "text" in decoded.answers:
            wanted = material.labels.text[material.label_row[rows[mine]]]
            truth, k = clips.concept[rows[mine]], min(10, int(mine.sum()))
            found, by_concept = (
                retrieval(cosine_scores(said, wanted, centre), np.arange(len(wanted)), (k,)).top[0].score
                for said in (decoded.answers["text"][mine], prototypes[truth])
            )
            yield Row(*where, "text_retrieval_10_best_share", found, by_concept, len(wanted))


def _training_text(material: Material) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean text embedding of each concept, and of all, over the training clips."""
    targets = material.targets(material.roles.train)
    shown = np.unique(material.label_row[material.roles.train])
    return targets.prototypes.numpy(), material.labels.text[shown].mean(axis=0)


def probe_row(variant: Variant, setting: str, run: Run) -> Row:
    """How well a linear probe tells the known wearers apart by the decoder's features."""
    known = len(run.material.known)
    share, n = subject_readout(run), len(run.material.roles.test)
    return Row(PROBE, variant.name, setting, run.seed, "all", "subject_readout", share, 1 / known, n)


def _said_by_concept(
    values: NDArray[np.int64], concept: NDArray[np.int64], tested: NDArray[np.bool_]
) -> float:
    """How often the commonest value of the true concept in the other blocks is right in the tested ones."""
    told = values >= 0
    learn, test = told & ~tested, told & tested
    overall = np.bincount(values[learn]).argmax()
    usual = {k: np.bincount(values[learn & (concept == k)]).argmax() for k in np.unique(concept[learn])}
    return float(
        np.mean([usual.get(k, overall) == v for k, v in zip(concept[test], values[test], strict=True)])
    )


def calibrated_rows(experiment: Experiment, variant: Variant, setting: str, run: Run) -> Iterator[Row]:
    """Accuracy after calibration, by method and share of the clips, and what fitting took."""
    for share in experiment.calibration_share:
        for found in calibrate(run, variant.calibrate, share, make=False):
            where = (
                CALIBRATED,
                f"{variant.name}: {found.method}",
                setting_after(setting, share),
                run.seed,
                f"sub{found.subject}",
            )
            test = run.material.roles.unseen
            truth = run.material.clips.concept[test[run.material.clips.subject[test] == found.subject]]
            one, five = _chances(run.material, truth)
            yield Row(*where, "top1", found.top1, one, found.n)
            yield Row(*where, "top5", found.top5, five, found.n)
            yield Row(*where, "seconds", found.seconds, None, found.clips)
            said = answers(run, found)
            if said is not None:
                by_noise = float((said.noise.argmax(axis=1) == truth).mean())
                yield Row(*where, "noise_top1", by_noise, one, found.n)
                yield Row(*where, "top1_over_noise", found.top1 - by_noise, 0.0, found.n)


def setting_after(setting: str, share: float) -> str:
    """How tables call the data once a share of the wearer's clips was learnt from."""
    return f"{setting}, {share:.1%} of the clips"


def blind_rows(found: Sequence[Row], blind: Sequence[Row]) -> Iterator[Row]:
    """The control without EEG again, beside whatever was calibrated: it needs nothing of a new wearer."""
    for setting in dict.fromkeys(row.setting for row in found if row.table == CALIBRATED):
        for row in blind:
            if row.table == UNSEEN:
                yield msgspec.structs.replace(row, table=CALIBRATED, setting=setting)


def choice_rows(rows: Sequence[Row]) -> Iterator[Row]:
    """By how much the automatic choice is above the best single method, wearer by wearer.

    The best is known from the test alone, over all wearers and trainings: more than a choice could have had.
    """
    cells: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        if row.table == CALIBRATED and row.metric == "top1":
            own, _, method = row.variant.rpartition(": ")
            cells.setdefault((row.setting, own), {}).setdefault(method, []).append(row)
    for (setting, own), methods in cells.items():
        chosen = methods.pop(CHOICE, [])
        if not chosen or not methods:
            continue
        best = max(methods, key=lambda name: float(np.mean([row.value for row in methods[name]])))
        reached = {(row.seed, row.subject): row.value for row in methods[best]}
        for row in chosen:
            less = row.value - reached[row.seed, row.subject]
            name = f"{own}: {CHOICE} less {best}"
            yield Row(CALIBRATED, name, setting, row.seed, row.subject, "top1_less_best", less, None, row.n)


def reference_of(experiment: Experiment, table: str, variant: str) -> str | None:
    """What a variant of a table is held against: itself as it is where it is calibrated, or what it names."""
    if table == CALIBRATED:
        own, _, _ = variant.rpartition(": ")
        return f"{own}: {AS_IT_IS}"
    named = {one.name: one.against for one in experiment.variants}
    return named.get(variant) or experiment.baseline

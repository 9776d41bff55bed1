"""Fitting: every candidate, judged on stretches of time that it has not seen; the simplest good one wins."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rtbci.calibrate.candidates import CANDIDATES, NONE, PROFILE, Candidate, Encode, Fitted, Material
from rtbci.calibrate.crossval import AT_ONCE, CrossValidation
from rtbci.calibrate.evidence import Outcome
from rtbci.calibrate.findings import Amount, Gain, Share, decodable, groups, reliability
from rtbci.calibrate.report import CandidateReport, NotTried, Report
from rtbci.calibrate.sitting import Sitting, find_trials
from rtbci.errors import WearerError
from rtbci.wearers.adapter import Adapter

AMOUNTS = (0.25, 0.5)
"""Shares of the clips that the learning curve is made of, besides all."""
FEWEST_SLOTS = 10
"""Below that nothing can be fitted."""
BUDGET_S = 30.0
"""Time that fitting may take on two cores."""
_SPENT_ON_CANDIDATES = 0.9
"""Part of the time for the candidates; the rest is for what more clips would bring."""


@dataclass(frozen=True, eq=False)
class Fit:
    """What calibration found.

    Attributes
    ----------
    adapter : Adapter
        Of the chosen candidate, fitted to all clips, with its exponent.
    encoder : bytes or None
        ONNX graph of the wearer's own encoder, if that was chosen.
    report : Report
        How every candidate did on clips that it had not seen.
    """

    adapter: Adapter
    encoder: bytes | None
    report: Report


def fit(
    sitting: Sitting,
    encode: Encode,
    base: NDArray[np.float64],
    *,
    hazard: float,
    candidates: Sequence[Candidate] = CANDIDATES,
    start: Fitted | None = None,
    not_tried: Sequence[NotTried] = (),
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.perf_counter,
    on_progress: Callable[[str], None] | None = None,
) -> Fit:
    """Fit all candidates and choose one.

    Each is judged as it would be used live: its logits run through the forward filter over the whole
    sitting, each stretch decoded by a fit that has seen neither the stretch nor its surroundings.

    Parameters
    ----------
    sitting : Sitting
        What was collected.
    encode : callable
        The frozen encoder without any layer: (n, 62, 400) to outputs by name, "concept" among them.
    base : ndarray, shape (62, 62)
        The bundle's generic layer.
    hazard : float
        The bundle's.
    candidates : sequence of Candidate
        From the simplest to the most flexible; the first must be "none".
    start : Fitted, optional
        An older profile: every candidate but "none" builds on it, and it is one itself ("profile"), before
        all others, so that it stays unless another is surely better.
    not_tried : sequence of NotTried
        What could not be among the candidates, for the report.
    budget_s : float
        Time that all may take. Candidates that take as long as they are given share what the others leave.
    clock : callable
        Seconds.
    on_progress : callable, optional
        Gets the name of each candidate before it is fitted.

    Raises
    ------
    WearerError
        If too few clips met with EEG.
    """
    began = clock()
    trials = find_trials(sitting)
    slots = len(np.unique(trials.slot))
    if slots < FEWEST_SLOTS or len(np.unique(trials.concept)) < 2:
        raise WearerError(
            f"Only {len(trials.concept)} clips in {slots} runs met with EEG, too few to calibrate on; watch "
            f"at least {FEWEST_SLOTS} clips of changing concepts."
        )
    if start is not None:
        candidates = (PROFILE, *candidates)
    none = candidates.index(NONE)
    material = Material(sitting, trials, encode, base, start, clock)
    judged = CrossValidation.of(material, hazard)
    if judged.slots_learnt < 2:
        raise WearerError(
            f"The {len(trials.concept)} clips that met with EEG lie so close together that none is far "
            "enough apart to judge a fit by the others; watch more clips."
        )
    outcomes, seconds, cut_short, share_s = [], [], [], 0.0
    for index, candidate in enumerate(candidates):
        if on_progress is not None:
            on_progress(candidate.name)
        before = clock()
        if candidate.timed:
            left = _SPENT_ON_CANDIDATES * budget_s - (before - began)
            waiting = sum(other.timed for other in candidates[index:])
            # The chosen one is fitted once more, to all clips.
            rounds = -(-len(judged.folds) // AT_ONCE) + 1
            share_s = max(left, 0.0) / waiting / rounds
        outcome, cut = judged.tried(candidate, seconds=share_s)
        outcomes.append(outcome)
        cut_short.append(cut)
        seconds.append(clock() - before)
    chosen = choose(outcomes, trials.slot)
    fitted = candidates[chosen].fit(material, np.arange(len(trials.example)), share_s)
    chance = judged.chance
    learner = _learner(chosen, seconds, candidates)
    if on_progress is not None:
        on_progress("amount of data")
    shares = [share for share in AMOUNTS if share * judged.slots_learnt >= FEWEST_SLOTS]
    fewer = [judged.outcome(candidates[learner], share) for share in shares]
    return Fit(
        replace(fitted.adapter, exponent=outcomes[chosen].exponent),
        None if fitted.graph is None else fitted.graph(),
        Report(
            candidates=tuple(
                _describe(c.name, o, s, cut, trials.slot)
                for c, o, s, cut in zip(candidates, outcomes, seconds, cut_short, strict=True)
            ),
            not_tried=tuple(not_tried),
            chosen=candidates[chosen].name,
            won_by=Gain.between(outcomes[none], outcomes[chosen], trials.slot),
            chance=chance,
            clips=len(trials.concept),
            slots=slots,
            shown=len(np.unique(trials.concept)),
            concepts=material.concepts,
            exponent=outcomes[chosen].exponent,
            fit_seconds=clock() - began,
            decodable=decodable(outcomes[chosen], trials.slot, chance, len(candidates)),
            groups=groups(outcomes[none], outcomes[chosen], trials.concept, trials.slot),
            reliability=reliability(outcomes[chosen], trials.slot),
            amount=tuple(
                Amount(round(share * len(trials.concept)), Share.of(outcome.hit, trials.slot))
                for share, outcome in zip((*shares, 1.0), (*fewer, outcomes[learner]), strict=True)
            ),
            learner=candidates[learner].name,
            gain=Gain.between(fewer[-1], outcomes[learner], trials.slot) if fewer else None,
        ),
    )


def choose(outcomes: Sequence[Outcome], slot: NDArray[np.int64]) -> int:
    """Choose the simplest outcome that is within one standard error of the best.

    The score is the log posterior of the truth at the end of each clip; differences are taken clip by clip,
    and clips of a slot count as one. What is not both likelier and at least as often right as the first
    outcome ("none", or the profile as it was) is never chosen.

    Parameters
    ----------
    outcomes : sequence of Outcome
        From the simplest candidate to the most flexible; the first is the fallback.
    slot : ndarray, shape (m,)
        Slot of each clip.
    """
    scores = np.stack([_per_slot(outcome.log_likelihood, slot) for outcome in outcomes])
    allowed = [
        i
        for i, outcome in enumerate(outcomes)
        if outcome.hit.mean() >= outcomes[0].hit.mean() and scores[i].mean() >= scores[0].mean()
    ]
    best = max(allowed, key=lambda i: float(scores[i].mean()))
    for i in allowed:
        behind = scores[best] - scores[i]
        if behind.mean() <= behind.std(ddof=1) / np.sqrt(len(behind)):
            return i
    return best


def _learner(chosen: int, seconds: Sequence[float], candidates: Sequence[Candidate]) -> int:
    """Return the chosen candidate, or where that learns nothing or takes long, the quickest of the others."""
    learning = [i for i, c in enumerate(candidates) if c not in (NONE, PROFILE) and not c.timed]
    if chosen in learning or not learning:
        return chosen
    return min(learning, key=lambda i: seconds[i])


def _per_slot(values: NDArray[np.float64], slot: NDArray[np.int64]) -> NDArray[np.float64]:
    _, which = np.unique(slot, return_inverse=True)
    return np.asarray(np.bincount(which, weights=values) / np.bincount(which))


def _describe(
    name: str, outcome: Outcome, seconds: float, cut_short: bool, slot: NDArray[np.int64]
) -> CandidateReport:
    share = Share.of(outcome.hit, slot)
    return CandidateReport(
        name=name,
        top1=share.top1,
        ci95=share.ci95,
        log_likelihood=float(outcome.log_likelihood.mean()),
        exponent=outcome.exponent,
        seconds=seconds,
        cut_short=cut_short,
    )

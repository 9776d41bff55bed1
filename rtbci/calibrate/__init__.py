"""Calibrating a wearer: what is shown, what is collected, what is fitted and how well it will do."""

from rtbci.calibrate.adaptive import Estimate, Estimator
from rtbci.calibrate.announcer import Announcer
from rtbci.calibrate.calibration import calibrate, frozen_encoder, generic_layer
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.fit import Fit, fit
from rtbci.calibrate.journal import Journal
from rtbci.calibrate.protocol import Plan, plan
from rtbci.calibrate.report import CandidateReport, Report
from rtbci.calibrate.session import Collected, collect
from rtbci.calibrate.sitting import Sitting, WatchedClip

__all__ = [
    "Announcer",
    "CandidateReport",
    "Collected",
    "Collector",
    "Estimate",
    "Estimator",
    "Fit",
    "Journal",
    "Plan",
    "Report",
    "Sitting",
    "WatchedClip",
    "calibrate",
    "collect",
    "fit",
    "frozen_encoder",
    "generic_layer",
    "plan",
]

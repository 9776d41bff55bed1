"""Calibrating a wearer: what is shown, what is collected, what is fitted and how well it will do."""

from rtbci.calibrate.adaptive import Estimate, Estimator
from rtbci.calibrate.advice import Advice, Readiness, readiness
from rtbci.calibrate.announcer import Announcer, MarkerOutlet
from rtbci.calibrate.calibration import calibrate, frozen_encoder, generic_layer
from rtbci.calibrate.check import SignalCheck
from rtbci.calibrate.collector import Collector
from rtbci.calibrate.course import Course
from rtbci.calibrate.course_settings import CourseSettings, Progress
from rtbci.calibrate.fit import Fit, fit
from rtbci.calibrate.journal import Journal
from rtbci.calibrate.lookout import Lookout, Seen
from rtbci.calibrate.programme import OnClip, OnRest, Programme
from rtbci.calibrate.protocol import EYES_S, Plan, plan, rest_plan
from rtbci.calibrate.report import CandidateReport, NotTried, Report
from rtbci.calibrate.rest import Alpha
from rtbci.calibrate.session import Collected, collect
from rtbci.calibrate.sitting import Sitting, WatchedClip
from rtbci.calibrate.standing import Standing, standing
from rtbci.calibrate.task import Task
from rtbci.calibrate.timing import FrameClock

__all__ = [
    "EYES_S",
    "Advice",
    "Alpha",
    "Announcer",
    "CandidateReport",
    "Collected",
    "Collector",
    "Course",
    "CourseSettings",
    "Estimate",
    "Estimator",
    "Fit",
    "FrameClock",
    "Journal",
    "Lookout",
    "MarkerOutlet",
    "NotTried",
    "OnClip",
    "OnRest",
    "Plan",
    "Programme",
    "Progress",
    "Readiness",
    "Report",
    "Seen",
    "SignalCheck",
    "Sitting",
    "Standing",
    "Task",
    "WatchedClip",
    "calibrate",
    "collect",
    "fit",
    "frozen_encoder",
    "generic_layer",
    "plan",
    "readiness",
    "rest_plan",
    "standing",
]

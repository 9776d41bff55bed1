"""Subjects of one group."""

from rtbci.stimuli.draw.toolkit import Subject

SUBJECTS: dict[str, Subject] = {}

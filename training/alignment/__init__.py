"""Cross-subject alignment (C-SA): features that do not tell who watches, and subjects added step by step."""

from training.alignment.curriculum import (
    CurriculumSettings,
    active_subjects,
    centred_subject,
    cosine_similarity,
    nearest_to_set,
    subject_means,
)
from training.alignment.reversal import SubjectClassifier, adversarial_weight, reverse_gradient

__all__ = [
    "CurriculumSettings",
    "SubjectClassifier",
    "active_subjects",
    "adversarial_weight",
    "centred_subject",
    "cosine_similarity",
    "nearest_to_set",
    "reverse_gradient",
    "subject_means",
]

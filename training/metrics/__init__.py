"""Evaluation metrics: each with its true chance, its uncertainty and its source."""

from training.metrics.attributes import class_conditional_accuracy
from training.metrics.calibration import Reliability, calibrated_error, reliability_curve
from training.metrics.chance import blind_chance
from training.metrics.classes import balanced_accuracy, confusion, top_k_accuracy
from training.metrics.hierarchical import hierarchical_interval
from training.metrics.information import itr_bits, log_score_bits, mutual_information_bits
from training.metrics.intervals import (
    clustered_interval,
    clustered_mean_interval,
    mean_interval,
    wilson_interval,
)
from training.metrics.nway import field_n_way, n_way_chance, n_way_hits
from training.metrics.permutation import Units, balanced_blocks, permutation_p, permuted_truths, units_of
from training.metrics.predictions import Predictions, read_predictions
from training.metrics.retrieval import Retrieval, TopK, cosine_scores, retrieval
from training.metrics.ssim import psnr, ssim
from training.metrics.summary import evaluate_files, summarise

__all__ = [
    "Predictions",
    "Reliability",
    "Retrieval",
    "TopK",
    "Units",
    "balanced_accuracy",
    "balanced_blocks",
    "blind_chance",
    "calibrated_error",
    "class_conditional_accuracy",
    "clustered_interval",
    "clustered_mean_interval",
    "confusion",
    "cosine_scores",
    "evaluate_files",
    "field_n_way",
    "hierarchical_interval",
    "itr_bits",
    "log_score_bits",
    "mean_interval",
    "mutual_information_bits",
    "n_way_chance",
    "n_way_hits",
    "permutation_p",
    "permuted_truths",
    "psnr",
    "read_predictions",
    "reliability_curve",
    "retrieval",
    "ssim",
    "summarise",
    "top_k_accuracy",
    "units_of",
    "wilson_interval",
]

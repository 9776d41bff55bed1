"""What a decoder should say of a window: labels and text of the corpus, and what large models make of clips.

`training.targets.make.make_targets` turns captions into text embeddings and pictures into video latents once,
and keeps them on disk; `training.targets.stored.load_targets` opens them.
"""

from training.targets.small import ClipTable, Targets, clip_table, window_targets
from training.targets.stored import StoredTargets, TargetTable, load_targets

__all__ = [
    "ClipTable",
    "StoredTargets",
    "TargetTable",
    "Targets",
    "clip_table",
    "load_targets",
    "window_targets",
]

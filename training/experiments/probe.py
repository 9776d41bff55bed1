"""Whose EEG it is, read from a decoder's features: what gradient reversal is meant to make impossible."""

import json

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from training.experiments.runs import Run

_FILE = "subject.json"


def subject_readout(run: Run) -> float:
    """Share of the known wearers' test clips that a linear probe assigns to the right wearer.

    The probe (linear discriminants with Ledoit and Wolf's shrinkage) is fitted to the features of the
    validation block, through the spatial layer of everybody, so that no layer says who it is. Chance is
    1 / wearers.
    """
    file = run.folder / _FILE
    if not file.is_file():
        m = run.material
        net, _ = run.net()
        x = m.x(run.settings)

        @torch.no_grad()
        def features(rows: NDArray[np.int64]) -> NDArray[np.float32]:
            parts = [
                net.features(x[torch.from_numpy(part)].float(), torch.zeros(len(part), dtype=torch.int64))
                for part in np.array_split(rows, max(1, len(rows) // 512))
            ]
            return torch.cat(parts).float().numpy()

        learn, test = m.roles.validation, m.roles.test
        probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        probe.fit(features(learn), m.clips.subject[learn])
        share = float(probe.score(features(test), m.clips.subject[test]))
        file.write_text(json.dumps({"subject_readout": share}), encoding="utf-8")
    return float(json.loads(file.read_text(encoding="utf-8"))["subject_readout"])

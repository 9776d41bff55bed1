"""The training loop: one command from one CPU to many GPUs, and the same weights after a kill at any moment.

Everything random is drawn from the run's seed and the step's number, so a run that goes on from a checkpoint
does exactly what it would have done; processes draw the same global batch and take each their part of it.
What to do next is decided by the first process for all: batch norm's statistics differ between processes, so
each by itself might decide otherwise, and leave the others waiting for it.
"""

import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from rtbci.errors import RtbciError, StoppedError, UsageError
from training.alignment import CurriculumSettings, active_subjects, adversarial_weight, subject_means
from training.augment import Augment
from training.evidence import fit_temperature
from training.experiments.answers import answers_of
from training.experiments.net import Net, loss_of
from training.experiments.settings import Losses, RunSettings
from training.files import replacing
from training.pseudo_trials import PseudoTrials, mean_of

Ints = NDArray[np.int64]
T = TypeVar("T")

CHECKPOINT = "checkpoint.pt"
_MEANS_FROM = 40
"""Clips of each wearer that a mean feature is made of."""
_ASK_EVERY = 10
"""Steps between two looks at the clock, where processes have to wait for each other to agree."""
_AUGMENT, _DROPOUT = 0, 1
"""Purposes of a step's draws."""


class Wanted(Protocol):
    """What each row should be answered with."""

    @property
    def prototypes(self) -> Tensor:
        """Mean text embedding of each concept, (40, W)."""

    def of(self, rows: Ints, null: Tensor | None = None) -> dict[str, Tensor]:
        """Targets of some rows by the answer's name; of nulls, that there is nothing to find."""


class Data(Protocol):
    """What a run learns from."""

    @property
    def known(self) -> tuple[int, ...]:
        """Numbers of the wearers that are learnt from."""

    def x(self, settings: RunSettings) -> Tensor:
        """All windows, as the run's encoder takes them."""

    def layer(self, rows: Ints) -> Tensor:
        """Index of each row's spatial layer: from 1 for the known, 0 for the others."""

    def subject(self, rows: Ints) -> Ints:
        """Number of each row's wearer."""

    def group(self, rows: Ints) -> Ints:
        """A number for each row's wearer and concept: rows of one are clips that may be averaged."""

    def heads(self, losses: Losses) -> dict[str, int]:
        """Name and width of the answers that the losses ask for."""

    def targets(self, train: Ints) -> Wanted:
        """Targets of all rows; whatever is learnt of them comes from the training's."""


@dataclass
class Progress:
    """Where a run is; all of it is in the checkpoint."""

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    since_best: int = 0
    active: tuple[int, ...] = ()
    temperature: float = 1.0
    """Divisor of the best weights' concept logits that suits the validation blocks."""
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    """Spent in `Loop.run` up to here, all its beginnings together."""


class Loop:
    """One training of one `Net`.

    Parameters
    ----------
    settings : RunSettings
    data : Data
    train, validation : ndarray of int
        Rows of it.
    seed : int
    folder : Path
        Of the checkpoint and the logs.
    accelerator : Accelerator
    deadline : float
        On `time.monotonic`; when it has come, the run stops with a checkpoint.
    checkpoint_s : float
        Seconds between two checkpoints.
    identity : str
        Whatever decides the result and is not in the folder's name. It is kept in the checkpoint, and a
        checkpoint of another is refused.

    Raises
    ------
    UsageError
        If the folder's checkpoint is of another training, or the batch is too small for so many processes.
    """

    def __init__(
        self,
        settings: RunSettings,
        data: Data,
        train: Ints,
        validation: Ints,
        seed: int,
        folder: Path,
        accelerator: Accelerator,
        deadline: float = math.inf,
        checkpoint_s: float = 20.0,
        identity: str = "",
    ) -> None:
        self.settings, self.data, self.seed = settings, data, seed
        self.train_rows, self.validation_rows = train, validation
        self.folder, self.accelerator, self.deadline = folder, accelerator, deadline
        self.checkpoint_s, self.identity = checkpoint_s, identity
        processes = accelerator.num_processes
        if processes > 1 and settings.batch < 2 * processes:
            raise UsageError(
                f"A batch of {settings.batch} gives {processes} processes less than two windows each; "
                f"make `batch` at least {2 * processes}, or take fewer processes."
            )
        self.x = data.x(settings)
        self.targets = data.targets(train)
        torch.manual_seed(seed)
        net = Net(settings, data.heads(settings.losses), len(data.known), self.x.shape[2])
        spatial = [] if net.layers is None else list(net.layers.parameters())
        others = [p for name, p in net.named_parameters() if not name.startswith("layers.")]
        groups: list[dict[str, Any]] = [{"params": others, "weight_decay": settings.weight_decay}]
        if spatial:
            groups.append({"params": spatial, "weight_decay": 0.0})
        optimiser = torch.optim.AdamW(groups, lr=settings.rate)
        self.mean = AveragedModel(net, avg_fn=self._averaged, use_buffers=True).eval().requires_grad_(False)
        self.mean.to(accelerator.device)
        self.net, self.optimiser = accelerator.prepare(net, optimiser)
        self.random = torch.Generator()
        self.augment = Augment(
            self.random.manual_seed(seed), settings.noise, settings.drop_channels, settings.null_share
        )
        self.pseudo_trials = None
        # GLMNet is given features of the spectrum, whose means are not those of mean EEG.
        if settings.pseudo_trials > 1 and settings.encoder != "glmnet":
            self.pseudo_trials = PseudoTrials(
                train, data.group(train), settings.pseudo_trials, settings.single_from
            )
        self.progress = Progress()
        self._resume()

    @property
    def best(self) -> Net:
        """The averaged weights that did best on the validation blocks."""
        saved = torch.load(self.folder / "best.pt", map_location="cpu", weights_only=True)
        net: Net = self.mean.module
        net.load_state_dict(saved)
        return net.eval()

    def run(self) -> Net:
        """Train until nothing is gained any more.

        Raises
        ------
        StoppedError
            If the deadline comes first; running again goes on.
        """
        try:
            self._train()
        finally:
            # Not `end_training`, which also parts the processes: they may have another run to make together.
            for tracker in self.accelerator.trackers:
                tracker.finish()
        if not math.isfinite(self.progress.best):
            raise UsageError(f"The training in {self.folder} diverged at once; lower its `rate`.")
        return self.best

    def _train(self) -> None:
        p, s = self.progress, self.settings
        began = saved = time.monotonic()
        before = p.seconds
        while p.step < s.steps and p.since_best < s.patience:
            self.learn()
            if p.step % s.validate_every == 0 or p.step == s.steps:
                self._validate()
            now = time.monotonic()
            p.seconds = before + now - began
            if self._time_is_up(now):
                self._save()
                raise StoppedError(
                    f"The time is up at step {p.step} of {s.steps} of {self.folder}; run it again to go on."
                )
            if now - saved > self.checkpoint_s:
                self._save()
                saved = now
        self._save()
        # Only then are the best weights sure to be there for all.
        self.accelerator.wait_for_everyone()

    def _time_is_up(self, now: float) -> bool:
        if self.accelerator.num_processes > 1 and self.progress.step % _ASK_EVERY:
            return False
        return self._decided(lambda: now > self.deadline)

    def _decided(self, decide: Callable[[], T]) -> T:
        """What the first process decides, or its refusal, in all of them."""
        answer: list[Any] = [None]
        if self.accelerator.is_main_process:
            try:
                answer[0] = decide()
            except RtbciError as error:
                answer[0] = error
        broadcast_object_list(answer)
        if isinstance(answer[0], RtbciError):
            raise answer[0]
        decided: T = answer[0]
        return decided

    def learn(self) -> None:
        """Take one step."""
        s, p, accelerator = self.settings, self.progress, self.accelerator
        self.random.manual_seed(_mix(self.seed, p.step))
        rows = self._draw()
        companions = self._companions(rows)
        generic = torch.zeros(len(rows), dtype=torch.bool)
        if s.subject_layers and s.generic_share > 0:
            generic = torch.rand(len(rows), generator=self.random) < s.generic_share
        rank = accelerator.process_index
        mine = slice(rank, None, accelerator.num_processes)
        rows, generic = rows[mine], generic[mine]
        layer = torch.where(generic, 0, self.data.layer(rows))
        eeg = self.x[torch.from_numpy(rows)].float()
        if companions is not None:
            eeg = mean_of(eeg, self.x[companions[:, mine]].float())
        null = None
        if s.encoder != "glmnet":
            if rank > 0:
                self.random.manual_seed(_part_seed(self.seed, p.step, rank, _AUGMENT))
            eeg, null = self.augment(eeg)
        device = accelerator.device
        wanted = {name: target.to(device) for name, target in self.targets.of(rows, null).items()}
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.net.train()
        # Dropout draws from the global generator.
        torch.manual_seed(
            _part_seed(self.seed, p.step, rank, _DROPOUT) if rank > 0 else _mix(self.seed, p.step)
        )
        reverse = s.reversal and adversarial_weight(p.step / s.steps, s.reversal_schedule, s.reversal)
        with accelerator.autocast():
            answers = self.net(eeg.to(device), layer.to(device), reverse)
        loss = loss_of(answers, wanted, s.losses)
        self.optimiser.zero_grad(set_to_none=True)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.mean.update_parameters(accelerator.unwrap_model(self.net))
        p.step += 1
        if p.step % 10 == 0:
            accelerator.log({"loss": loss.item(), "rate": self._rate()}, step=p.step)

    def _draw(self) -> Ints:
        """Rows of the step's global batch, from the wearers who have joined."""
        rows = self.train_rows
        if self.settings.curriculum is not None:
            joined = self._joined()
            if len(joined) < len(self.data.known):
                numbers = [self.data.known[place] for place in joined]
                rows = rows[np.isin(self.data.subject(rows), numbers)]
        chosen = torch.randint(len(rows), (self.settings.batch,), generator=self.random)
        return rows[chosen.numpy()]

    def _clips_averaged(self) -> int:
        """How many clips each window of this step is the mean of."""
        if self.pseudo_trials is None:
            return 1
        return self.pseudo_trials.count(self.progress.step / self.settings.steps)

    def _companions(self, rows: Ints) -> Tensor | None:
        """Rows that each row of the global batch is averaged with, (k - 1, batch); None if alone."""
        count = self._clips_averaged()
        if self.pseudo_trials is None or count == 1:
            return None
        return self.pseudo_trials.companions(rows, count, self.random)

    def _joined(self) -> tuple[int, ...]:
        """Places of the wearers that have joined; who is next is decided by the encoder as it is now."""
        c, p = self.settings.curriculum, self.progress
        assert c is not None
        subjects = len(self.data.known)
        every = max(1, round(c.until * self.settings.steps / max(1, subjects - 1)))
        wanted = subjects if c.order == "all" else min(subjects, 1 + p.step // every)
        if len(p.active) < wanted:
            settings = CurriculumSettings(start=c.start, order=c.order, linkage=c.linkage, seed=self.seed)
            p.active = self._decided(
                lambda: active_subjects(self._means(), p.step // every, settings, p.active)
            )
        return p.active

    @torch.no_grad()
    def _means(self) -> NDArray[np.float64]:
        """Mean feature of each known wearer, in their order."""
        rng = np.random.default_rng((self.seed, self.progress.step))
        of = self.data.subject(self.train_rows)
        rows = np.concatenate(
            [rng.choice(self.train_rows[of == number], _MEANS_FROM) for number in self.data.known]
        )
        net: Net = self.mean.module
        eeg = self.x[torch.from_numpy(rows)].float().to(self.accelerator.device)
        features = net.features(eeg, torch.zeros(len(rows), dtype=torch.int64, device=eeg.device))
        means, numbers = subject_means(features.float().cpu().numpy(), self.data.subject(rows))
        return means[np.searchsorted(numbers, self.data.known)]

    def _rate(self) -> float:
        s, step = self.settings, self.progress.step
        warmed = min(1.0, (step + 1) / max(1, s.warm_up))
        return s.rate * warmed * 0.5 * (1.0 + math.cos(math.pi * step / s.steps))

    def _averaged(self, mean: Tensor, new: Tensor, count: Tensor | int) -> Tensor:
        if not mean.is_floating_point():
            return new
        keep = min(self.settings.average, (1 + int(count)) / (10 + int(count)))
        return mean.lerp(new, 1.0 - keep)

    def _validate(self) -> None:
        p = self.progress
        entry = self._decided(self._measured)
        score = entry["tempered_loss"]
        p.history.append(entry)
        self.accelerator.log(entry, step=p.step)
        everybody = self.settings.curriculum is None or len(p.active) == len(self.data.known)
        if score < p.best:
            p.best, p.best_step, p.since_best, p.temperature = score, p.step, 0, entry["temperature"]
            if self.accelerator.is_main_process:
                _write(self.folder / "best.pt", self.mean.module.state_dict())
        elif everybody and self._clips_averaged() == 1:
            p.since_best += 1

    def _measured(self) -> dict[str, float]:
        """How the averaged weights do on the validation blocks.

        The best are chosen by the loss after the temperature that suits them: else a net that knows nothing,
        and says so, would be chosen before one that knows something and is too sure of it.
        """
        rows, own = self.validation_rows, self.data.layer(self.validation_rows)
        truth = self.targets.of(rows)["concept"]
        entry = {"step": float(self.progress.step)}
        # Those who wear a layer of their own and those who do not are both to be served.
        generic = self.settings.subject_layers and self.settings.generic_share > 0
        layers = {"own": own, "generic": torch.zeros_like(own)} if generic else {"own": own}
        every = []
        for name, layer in layers.items():
            answers = answers_of(self.mean.module, self.x, rows, layer, self.targets.prototypes)
            logits = torch.from_numpy(answers["concept"])
            every.append(logits)
            best = truth if truth.ndim == 1 else truth.argmax(dim=1)
            entry[f"{name}_loss"] = float(torch.nn.functional.cross_entropy(logits, truth))
            entry[f"{name}_top1"] = float((logits.argmax(dim=1) == best).float().mean())
        logits, truth = torch.cat(every), torch.cat([truth] * len(every))
        soft = truth if truth.ndim > 1 else torch.nn.functional.one_hot(truth, logits.shape[1])
        entry["temperature"] = fit_temperature(logits.double().numpy(), soft.double().numpy())
        tempered = torch.nn.functional.cross_entropy(logits / entry["temperature"], truth)
        return entry | {"tempered_loss": float(tempered)}

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        state = {
            "net": self.accelerator.unwrap_model(self.net).state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
            "identity": self.identity,
        }
        if self.accelerator.scaler is not None:
            state["scaler"] = self.accelerator.scaler.state_dict()
        _write(self.folder / CHECKPOINT, state)

    def _resume(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / CHECKPOINT
        if not file.is_file():
            return
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise UsageError(f"The checkpoint {file} cannot be read; delete it to begin anew.") from error
        # Those of experiments have none, and those of older trainings had none.
        if state.get("identity", "") != self.identity:
            raise UsageError(
                f"The checkpoint {file} is of a training with other settings or data, or of an older "
                "version; name another folder, or delete this one to begin anew."
            )
        try:
            self._restore(state)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise UsageError(
                f"The checkpoint {file} is of another version or of other settings; name another folder, or "
                "delete this one to begin anew."
            ) from error

    def _restore(self, state: dict[str, Any]) -> None:
        self.accelerator.unwrap_model(self.net).load_state_dict(state["net"])
        self.mean.load_state_dict(state["mean"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.accelerator.scaler is not None and "scaler" in state:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        self.progress = Progress(**state["progress"])


def _mix(seed: int, step: int) -> int:
    """One number for a seed and a step, that no other pair has."""
    return seed * 1_000_003 + step


def _part_seed(seed: int, step: int, rank: int, purpose: int) -> int:
    """Seed of what a process other than the first draws in a step, for itself alone."""
    return int(np.random.SeedSequence((seed, step, rank, purpose)).generate_state(1)[0])


def _write(file: Path, state: object) -> None:
    with replacing(file) as partial:
        torch.save(state, partial)

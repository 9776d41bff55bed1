"""An EEG sender that misbehaves on command, in a process of its own that can be killed.

    with FaultySender(labels, source_id="cap-1") as sender:
        sender.drop(10)
        sender.kill()
        sender.restart(rate=250.0)

What it sends is known (`waveform`), so that a receiver can be checked sample by sample.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from time import sleep
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sender:
    """What the sender announces and does."""

    labels: tuple[str, ...]
    source_id: str
    name: str = "faulty"
    type: str = "EEG"
    unit: str | None = "microvolts"
    """Unit as announced; None: not a word of units."""
    rate: float = 200.0
    announced_rate: float | None = None
    """None: the true one."""
    format: str = "float32"
    gain: float = 1.0
    """Factor from microvolt to what is sent."""
    described: bool = True
    """Whether the channels are described at all."""
    channels: int | None = None
    """Number of channels, where it is not that of the labels."""
    chunk: int = 4
    jitter_s: float = 0.0
    """Each chunk leaves and is stamped late by up to this."""
    types: tuple[str, ...] = field(default=())


def waveform(first: int, n: int, channels: int) -> NDArray[np.float64]:
    """Samples `first` to ``first + n``: a 10 Hz wave and noise at 200 Hz, microvolt, ``(n, channels)``."""
    k = np.arange(first, first + n)[:, None]
    c = np.arange(channels)[None, :]
    noise = np.mod(np.sin(k * 12.9898 + c * 78.233) * 43758.5453, 1.0) - 0.5
    wave: NDArray[np.float64] = 20.0 * np.sin(2 * np.pi * 10.0 / 200.0 * k + c) + 20.0 * noise
    return wave


class FaultySender:
    """Starts the sender in a child process and tells it what to do.

    Parameters
    ----------
    labels
        Channel labels.
    source_id
        LSL source id.
    **settings
        The other fields of `Sender`.
    """

    def __init__(self, labels: Sequence[str], source_id: str, **settings: Any) -> None:
        self.settings = Sender(labels=tuple(labels), source_id=source_id, **settings)
        self._process = self._spawn()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def pause(self) -> None:
        """Send nothing until `resume`; the samples of that time are never sent."""
        self._tell("pause")

    def resume(self) -> None:
        """Go on after a pause."""
        self._tell("resume")

    def hold(self, seconds: float) -> None:
        """Send late: what is due in the next seconds comes in one burst after them, rightly stamped."""
        self._tell("hold", seconds)

    def drop(self, samples: int) -> None:
        """Lose so many samples."""
        self._tell("drop", samples)

    def duplicate(self, chunks: int) -> None:
        """Send the next chunks twice."""
        self._tell("duplicate", chunks)

    def jump(self, seconds: float) -> None:
        """Set the clock of the stamps ahead (or back, if negative)."""
        self._tell("jump", seconds)

    def poison(self, channel: int) -> None:
        """Send NaN in a channel from now on."""
        self._tell("poison", channel)

    def freeze(self) -> None:
        """Stop the process where it is: connections stay open, nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process; it has no chance to say goodbye."""
        self._process.kill()
        self._process.wait()

    def restart(self, **changes: Any) -> None:
        """Start anew after `kill`, with changed settings; returns when the stream is there."""
        self.settings = replace(self.settings, **changes)
        self._process = self._spawn()

    def close(self) -> None:
        """End the process, whatever state it is in."""
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _spawn(self) -> "subprocess.Popen[str]":
        root = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            [sys.executable, "-m", "devices.faults", json.dumps(asdict(self.settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the faulty sender did not start")
        return process

    def _tell(self, command: str, value: float = 0) -> None:
        """Give a command and wait until it is obeyed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, value]) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "obeyed":
            raise RuntimeError(f"the faulty sender did not obey {command!r}")


class _Schedule:
    """Runs in the child: what is sent when, as commands change it."""

    def __init__(self, settings: Sender) -> None:
        self.settings = settings
        self.sample = 0
        self.skipped = 0
        self.duplicates = 0
        self.shift_s = 0.0
        self.hold_s = 0.0
        self.paused = False
        self.poisoned: list[int] = []

    def obey(self, command: str, value: float) -> None:
        """Take one command."""
        match command:
            case "pause":
                self.paused = True
            case "resume":
                self.paused = False
            case "hold":
                self.hold_s += value
            case "drop":
                self.skipped += int(value)
            case "duplicate":
                self.duplicates += int(value)
            case "jump":
                self.shift_s += value
            case "poison":
                self.poisoned.append(int(value))

    def chunk(self, channels: int) -> NDArray[np.float64]:
        """Return the next chunk, in the unit that is sent."""
        data = waveform(self.sample, self.settings.chunk, channels) * self.settings.gain
        data[:, self.poisoned] = np.nan
        return data


def _outlet(settings: Sender) -> Any:
    import pylsl

    channels = settings.channels or len(settings.labels)
    announced = settings.rate if settings.announced_rate is None else settings.announced_rate
    info = pylsl.StreamInfo(
        settings.name, settings.type, channels, announced, settings.format, settings.source_id
    )
    if settings.described:
        described = info.desc().append_child("channels")
        types = settings.types or ("EEG",) * len(settings.labels)
        for label, kind in zip(settings.labels, types, strict=True):
            channel = described.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("type", kind)
            if settings.unit is not None:
                channel.append_child_value("unit", settings.unit)
    return pylsl.StreamOutlet(info)


def _main(settings: Sender) -> None:
    import pylsl

    outlet = _outlet(settings)
    channels = settings.channels or len(settings.labels)
    schedule = _Schedule(settings)
    print("ready", flush=True)
    commands: SimpleQueue[tuple[str, float]] = SimpleQueue()
    threading.Thread(target=_listen, args=(commands,), daemon=True).start()
    rng = np.random.default_rng(0)
    begin = pylsl.local_clock()
    while True:
        while not commands.empty():
            schedule.obey(*commands.get())
            print("obeyed", flush=True)
        schedule.sample += schedule.skipped
        schedule.skipped = 0
        last = begin + (schedule.sample + settings.chunk - 1) / settings.rate
        late = rng.uniform(0.0, settings.jitter_s)
        sleep(max(0.0, last + late - pylsl.local_clock()))
        if schedule.hold_s:
            sleep(schedule.hold_s)
            schedule.hold_s = 0.0
        if not schedule.paused:
            data = schedule.chunk(channels)
            steps = np.arange(1 - settings.chunk, 1) / settings.rate
            stamps = (last + late + schedule.shift_s + steps).tolist()
            if schedule.duplicates:
                schedule.duplicates -= 1
                data, stamps = np.repeat(data, 2, axis=0), np.repeat(stamps, 2).tolist()
            outlet.push_chunk(data, stamps)
        schedule.sample += settings.chunk


def _listen(commands: "SimpleQueue[tuple[str, float]]") -> None:
    for line in sys.stdin:
        commands.put(tuple(json.loads(line)))
    os._exit(0)  # the parent is gone


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    options["labels"], options["types"] = tuple(options["labels"]), tuple(options["types"])
    _main(Sender(**options))

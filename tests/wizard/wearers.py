"""A simulated wearer who sees the markers, on a thread."""

import threading

from devices.simulate import SimulatorStarted, run_simulator


class SimulatedWearer:
    """On while the context lasts; `off` takes the cap off before. `on_clip` is told of each clip."""

    def __init__(self, source_id: str, on_clip=lambda event: None, **options) -> None:
        self.name = f"cap {source_id[-6:]}"
        self._stop, started = threading.Event(), threading.Event()

        def on_event(event) -> None:
            if isinstance(event, SimulatorStarted):
                started.set()
            else:
                on_clip(event)

        arguments = {
            "stop": self._stop,
            "source_id": source_id,
            "follow_markers": f"{self.name}-calibration",
            "on_event": on_event,
        }
        self._thread = threading.Thread(
            target=run_simulator, args=(self.name,), kwargs=arguments | options, name="wearer"
        )
        self._thread.start()
        assert started.wait(20)

    def off(self) -> None:
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> "SimulatedWearer":
        return self

    def __exit__(self, *exc: object) -> None:
        self.off()

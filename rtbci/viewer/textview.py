"""The same state as text, for terminals: no display and no Qt needed."""

import threading
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rtbci.viewer.figures import percent
from rtbci.viewer.state import ViewState
from rtbci.wire import DEFAULT_ENDPOINT, Subscriber, ViewerKeys

_BAR = 30
_LINE_EVERY_S = 5.0
_COLOURS = {
    "streaming": "green",
    "searching": "cyan",
    "waiting": "cyan",
    "stalled": "yellow",
    "lost": "red",
    "refused": "red",
    "silent": "red",
    "ended": "white",
}
_STRENGTH = {"none": "bright_black", "weak": "yellow", "moderate": "cyan", "strong": "green"}


def render(state: ViewState, now: float) -> RenderableType:
    """Draw the state as it is at `now` (monotonic seconds)."""
    banner = state.banner(now)
    since = "" if banner.seconds is None else f" {banner.seconds:.0f} s"
    head = Text.assemble(
        (f"● {banner.situation}{since}  ", f"bold {_COLOURS[banner.situation]}"), banner.sentence
    )
    parts: list[RenderableType] = [
        head,
        Text(),
        _picture_line(state, now),
        _concepts(state, now),
        Text(),
        _counts(state),
    ]
    if state.trials:
        parts.append(_score(state))
    parts += [
        Text(f"{notice.level}: {notice.sentence}", style="dim") for _, notice in list(state.notices)[-3:]
    ]
    return Panel(Group(*parts), title="rtbci", title_align="left", border_style="bright_black")


def run_text_view(
    endpoint: str = DEFAULT_ENDPOINT,
    keys: ViewerKeys | None = None,
    stop: threading.Event | None = None,
    console: Console | None = None,
    fps: float = 5.0,
) -> ViewState:
    """Show the text view until `stop` is set or Ctrl-C; returns what was on show last.

    Where the output is no terminal, a line is printed every five seconds instead, and whenever the stream
    comes, stalls or goes.

    Raises
    ------
    WireError
        If the address is not acceptable.
    """
    console = console or Console()
    stop = stop or threading.Event()
    with Subscriber(endpoint, keys=keys) as subscriber:
        state = ViewState()
        if console.is_terminal:
            _live(subscriber, state, stop, console, fps)
        else:
            _lines(subscriber, state, stop, console)
    return state


def _live(
    subscriber: Subscriber, state: ViewState, stop: threading.Event, console: Console, fps: float
) -> None:
    with Live(render(state, time.monotonic()), console=console, auto_refresh=False) as live:
        told = 0.0
        # Messages are taken as they come, however seldom the text is drawn.
        while not stop.is_set():
            _take(subscriber, state, 0.05)
            if time.monotonic() - told >= 1 / fps:
                told = time.monotonic()
                live.update(render(state, told), refresh=True)


def _lines(subscriber: Subscriber, state: ViewState, stop: threading.Event, console: Console) -> None:
    told = 0.0
    last = None
    while not stop.is_set():
        _take(subscriber, state, 0.1)
        situation = state.banner(time.monotonic()).situation
        # A change is said at once, and the end once; another session may follow.
        if situation != last or (situation != "ended" and time.monotonic() - told > _LINE_EVERY_S):
            told, last = time.monotonic(), situation
            console.print(line(state, told), soft_wrap=True, highlight=False, markup=False)


def _take(subscriber: Subscriber, state: ViewState, timeout: float) -> None:
    received = subscriber.poll(timeout)
    now = time.monotonic()
    for message in received:
        state.fold(message, now)
    state.refused, state.refusal = subscriber.refused, subscriber.refusal


def line(state: ViewState, now: float) -> str:
    """The state in one line, for logs."""
    banner = state.banner(now)
    parts = [f"{banner.situation}: {banner.sentence}"]
    if state.evidence is not None and state.evidence.top:
        old = f", old ({state.evidence_age(now) or 0:.0f} s)" if state.is_old(now) else ""
        guess = state.evidence.top[0]
        parts.append(f"{guess.label} {percent(guess.p)}, {_evidence(state.evidence.word)}{old}")
        past = state.past(now)
        if past is not None and past.fault and not old:
            parts.append(f"picture: {past.sentence}")
    if state.trials:
        last = state.trials[-1]
        parts.append(f"{last.hits}/{last.trials} right, surrogate {last.null_hits}, chance {last.chance:.1%}")
    return " | ".join(parts)


def _evidence(word: str) -> str:
    return f"{'no' if word == 'none' else word} evidence"


def _picture_line(state: ViewState, now: float) -> Text:
    if state.picture is None:
        return Text("no picture yet", style="dim")
    header = state.picture.header
    past = state.past(now)
    if past is not None:
        return Text(f"{past.sentence}: {header.guess.label} ({header.grade})", style="dim")
    style = f"bold {_STRENGTH[header.word]}"
    text = f"{header.grade}: {header.guess.label} {percent(header.guess.p)}, {_evidence(header.word)}"
    if header.word in ("none", "weak"):
        text += " (a guess)" if header.word == "weak" else " (a guess at chance level)"
    return Text.assemble((text, style), (f"   {header.caption}", "dim"))


def _concepts(state: ViewState, now: float) -> RenderableType:
    evidence = state.evidence
    if evidence is None:
        return Text()
    colour = "bright_black" if state.is_old(now) else _STRENGTH[evidence.word]
    table = Table.grid(padding=(0, 1))
    marks = {round(evidence.chance * _BAR): "¦", round(evidence.null_confidence * _BAR): "|"}
    for guess in evidence.top[:5]:
        filled = round(max(0.0, min(1.0, guess.p)) * _BAR)
        bar = "".join("█" if i < filled else marks.get(i, "·") for i in range(_BAR))
        table.add_row(guess.label, Text(bar, style=colour), percent(guess.p))
    key = f"¦ chance {evidence.chance:.1%}   | 95 % of surrogates below {evidence.null_confidence:.0%}"
    return Group(table, Text(key, style="dim"))


def _counts(state: ViewState) -> Text:
    parts = []
    if state.stream is not None:
        stream = state.stream
        parts.append(f"{stream.name} {stream.channels} ch {stream.rate_hz:g} Hz")
        parts.append(f"lost {stream.lost_samples} in {stream.gaps} gaps")
        parts.append(f"repaired {len(stream.repaired)}, not in cap {len(stream.interpolated)}")
    if state.status is not None:
        for key, stage in state.status.latency_ms.items():
            if key in ("sample_to_preview", "sample_to_keyframe", "sample_to_clip"):
                parts.append(f"{key.removeprefix('sample_to_')} {stage.p50:.0f} ms (95 % {stage.p95:.0f})")
    return Text("  ·  ".join(parts), style="dim")


def _score(state: ViewState) -> Text:
    last = state.trials[-1]
    count = max(1, last.trials)
    return Text(
        f"right {last.hits}/{last.trials} ({last.hits / count:.0%}), surrogate {last.null_hits / count:.0%},"
        f" chance {last.chance:.1%}; last: {last.truth} → {last.guess.label}"
    )

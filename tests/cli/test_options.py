"""That options reach the session."""

import pytest
from typer.testing import CliRunner

import devices.simulate
import rtbci.cli.run
import rtbci.cli.simulate
import rtbci.stream
from rtbci.cli import app
from rtbci.errors import RtbciError, UsageError


@pytest.mark.parametrize(
    ("given", "meant"), [((), None), (("--mains", "60"), 60.0), (("--mains", "50"), 50.0)]
)
def test_the_mains_reach_the_session(monkeypatch, given, meant):
    asked = []
    monkeypatch.setattr(rtbci.stream, "resolve_one", lambda *_: None)
    monkeypatch.setattr(rtbci.cli.run, "stop_on_signals", lambda: None)
    monkeypatch.setattr(rtbci.cli.run, "run_session", lambda bundle, options, *_: asked.append(options))
    done = CliRunner().invoke(app, ["run", "--stream", "cap", "--headless", *given])
    assert done.exit_code == 0, done.output
    assert [options.mains_hz for options in asked] == [meant]


def test_mains_of_nowhere_are_refused():
    assert CliRunner().invoke(app, ["run", "--mains", "55"]).exit_code == 2


def test_refreshes_of_no_screen_are_refused(monkeypatch):
    sent = []
    monkeypatch.setattr(rtbci.cli.simulate, "stop_on_signals", lambda: None)
    monkeypatch.setattr(devices.simulate, "run_simulator", lambda **options: sent.append(options))
    done = CliRunner().invoke(app, ["simulate", "--refresh", "120"])
    assert isinstance(done.exception, UsageError)
    assert "--screen-ms" in str(done.exception)
    assert not sent
    for given in ((), ("--screen-ms", "40"), ("--screen-ms", "40", "--refresh", "120")):
        assert CliRunner().invoke(app, ["simulate", *given]).exit_code == 0
    asked = [(options["screen_delay_s"], options["refresh_hz"]) for options in sent]
    assert asked == [(None, 60.0), (0.04, 60.0), (0.04, 120.0)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("bench", "generate"),
        ("provenance", "picture.png"),
        ("train", "check-data", "."),
        ("evaluate", "generators"),
    ],
)
def test_a_report_without_a_place_is_refused_before_anything_is_done(arguments, tmp_path):
    done = CliRunner().invoke(app, [*arguments, "--report", str(tmp_path / "nowhere" / "r.json")])
    assert isinstance(done.exception, UsageError)
    assert "report cannot be written" in str(done.exception)
    assert not done.output


def test_a_plot_without_a_place_is_refused_before_anything_is_measured(tmp_path):
    nowhere = tmp_path / "nowhere"
    done = CliRunner().invoke(app, ["bench", "generate", "--plot", str(nowhere / "a.png")])
    assert isinstance(done.exception, UsageError)
    assert "plot cannot be written" in str(done.exception)
    assert not done.output
    assert not nowhere.exists()


def test_what_cannot_run_is_refused_before_the_search_for_the_stream(monkeypatch, tmp_path):
    monkeypatch.setattr(rtbci.cli.run, "stop_on_signals", lambda: None)
    monkeypatch.setattr(rtbci.stream, "resolve_one", lambda *_: pytest.fail("it searched"))
    (tmp_path / "bundle.json").write_text("{")
    for given, said in (
        (("--engine", "tensorrt"), "--full-size"),
        (("--bundle", str(tmp_path)), str(tmp_path)),
    ):
        done = CliRunner().invoke(app, ["run", "--stream", "cap", "--headless", *given])
        assert isinstance(done.exception, RtbciError)
        assert said in str(done.exception)

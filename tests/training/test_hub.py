"""Models of the hub: one way to fetch them, and a sentence whatever goes wrong on the way."""

from importlib import import_module

import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from rtbci.errors import UsageError
from training.evaluation.classifiers import HubClassifier
from training.targets.latents import find_vae

HTTP = import_module(HfHubHTTPError.__bases__[0].__module__)
"""The library that the hub's client speaks HTTP with, whichever it is."""
OPEN = {"a VAE": find_vae, "a video classifier": lambda name: HubClassifier(name, "video")}


@pytest.fixture(params=OPEN)
def model(request):
    return request.param


@pytest.fixture
def raising(monkeypatch, tmp_path):
    def snapshot_download_raises(error):
        def snapshot(*_args, **_more):
            raise error

        monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)

    monkeypatch.chdir(tmp_path)
    return snapshot_download_raises


@pytest.mark.parametrize(
    ("kind", "said"),
    [("ProxyError", "407 Proxy Authentication Required"), ("ReadError", ""), ("InvalidURL", "Invalid port")],
)
def test_what_breaks_on_the_way_to_the_hub_is_said_in_a_sentence(raising, model, kind, said):
    error = getattr(HTTP, kind)(said)
    assert not isinstance(error, OSError | ValueError | HfHubHTTPError)
    raising(error)
    with pytest.raises(UsageError, match=rf"cannot be reached \({kind}: {said or kind}\)") as raised:
        OPEN[model]("someone/model")
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [LocalEntryNotFoundError("It is\nnot there."), ValueError("It is not there")]
)
def test_what_the_hub_does_not_give_is_said_in_one_line(raising, model, error):
    raising(error)
    with pytest.raises(UsageError, match=rf"the hub does not give such {model} \(It is not there\)"):
        OPEN[model]("someone/model")


def test_what_is_no_name_of_the_hub_is_never_asked_for(raising, model):
    raising(AssertionError("asked"))
    for name in ("../model", "models/here/model", "model@v2"):
        with pytest.raises(UsageError, match=f"no folder {name} with {model}; .* owner/name@revision"):
            OPEN[model](name)


def test_a_revision_may_be_named(monkeypatch, tmp_path, model):
    asked = []

    def snapshot(repository, revision, allow_patterns):
        asked.append((repository, revision))
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.chdir(tmp_path)
    for name, revision in (("someone/model@v2", "v2"), ("someone/model", None)):
        asked.clear()
        with pytest.raises(UsageError):  # There is nothing in that folder.
            OPEN[model](name)
        assert asked[0] == ("someone/model", revision)

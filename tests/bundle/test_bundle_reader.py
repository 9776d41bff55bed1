import json
import shutil

import msgspec
import numpy as np
import pytest

from rtbci.bundle import Manifest, load_bundle
from rtbci.bundle.checks import content_id
from rtbci.errors import BundleError
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    write_tiny_bundle(folder)
    return folder


@pytest.fixture
def bundle(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "tiny")


def edit(folder, change, sign=True):
    """Change the manifest's JSON; `sign` gives it the id that belongs to the change, as a forger would."""
    path = folder / "bundle.json"
    content = json.loads(path.read_text())
    change(content)
    if sign:
        manifest = msgspec.convert(content, Manifest)
        content["id"] = content_id(manifest, "tiny")
    path.write_text(json.dumps(content))


def refused(folder, match):
    with pytest.raises(BundleError, match=match) as caught:
        load_bundle(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_a_whole_bundle_loads(bundle):
    loaded = load_bundle(bundle)
    assert loaded.engine_path("encoder").is_file()
    assert isinstance(loaded.array("memory_latents"), np.memmap)
    assert not loaded.array("memory_latents").flags.writeable


def test_asking_for_what_is_not_there(bundle):
    loaded = load_bundle(bundle)
    with pytest.raises(BundleError, match="no array 'nothing'; it has memory_attributes"):
        loaded.array("nothing")
    with pytest.raises(BundleError, match="no engine 'nothing'; it has adapter, decoder, encoder"):
        loaded.engine_path("nothing")


def test_no_folder(tmp_path):
    refused(tmp_path / "nowhere", "There is no bundle.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema_version": "one"}'])
def test_no_manifest_in_the_manifest(bundle, content):
    (bundle / "bundle.json").write_bytes(content)
    refused(bundle, "cannot be read")


def test_a_byte_inside_a_string_that_is_no_text(bundle):
    path = bundle / "bundle.json"
    content = path.read_bytes()
    for key in (b'"licence":', b'"id":'):
        at = content.index(b'"', content.index(key) + len(key)) + 1
        path.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
        refused(bundle, "bundle.json of .* (cannot be read|does not fit)")


def test_a_manifest_that_cannot_be_read(bundle, monkeypatch):
    def fail(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(type(bundle), "read_bytes", fail)
    refused(bundle, "cannot be read .Input/output error")


@pytest.mark.parametrize(("version", "match"), [(2, "newer .* update rtbci"), (0, "older .* export")])
def test_another_schema_version_is_refused_before_its_unknown_fields(bundle, version, match):
    edit(bundle, lambda c: c.update(schema_version=version, something_new=1), sign=False)
    refused(bundle, match)


def test_unknown_and_missing_fields(bundle):
    edit(bundle, lambda c: c.update(surprise=1), sign=False)
    refused(bundle, "unknown field `surprise`")
    edit(bundle, lambda c: (c.pop("surprise"), c.pop("licence")), sign=False)
    refused(bundle, "missing required field `licence`")


def test_an_unknown_field_deep_inside(bundle):
    edit(bundle, lambda c: c["preprocessing"].update(magic=1), sign=False)
    refused(bundle, "magic")


def test_a_changed_manifest_is_noticed(bundle):
    edit(bundle, lambda c: c["evidence"].update(exponent=1.0), sign=False)
    refused(bundle, "changed after export")


def test_every_file_is_covered_by_its_hash(bundle):
    files = [p for p in bundle.iterdir() if p.suffix in (".npy", ".onnx")]
    assert len(files) == 11
    for file in files:
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
        refused(bundle, f"{file.name} of .* damaged or was changed")
        content[-1] ^= 1
        file.write_bytes(content)
    load_bundle(bundle)


def test_every_file_must_be_there(bundle):
    for file in [p for p in bundle.iterdir() if p.suffix in (".npy", ".onnx")]:
        aside = file.rename(bundle.parent / file.name)
        refused(bundle, f"{file.name} is missing")
        aside.rename(file)


@pytest.mark.parametrize(
    "name", ["../evil.npy", "/etc/passwd", "sub/evil.npy", "..", "", "..\\evil.npy", "C:evil.npy"]
)
def test_no_path_leads_out(bundle, name):
    edit(bundle, lambda c: c["arrays"]["memory_seed"].update(file=name))
    refused(bundle, "outside its own folder")


def test_no_link_leads_out(bundle, tmp_path):
    file = bundle / "memory_seed.npy"
    outside = file.rename(tmp_path / "outside.npy")
    file.symlink_to(outside)
    refused(bundle, "link out of its folder")


def test_licence_montage_concepts(bundle):
    edit(bundle, lambda c: c.update(licence=" "))
    refused(bundle, "names no licence")
    edit(bundle, lambda c: c.update(licence="MIT", montage=c["montage"][:-1]))
    refused(bundle, "montage .*61 instead of 62")
    edit(bundle, lambda c: c["montage"].append("CZ9"))
    refused(bundle, "number 62 is 'CZ9' instead of 'CB2'")


def test_other_concepts(bundle):
    edit(bundle, lambda c: c["concepts"].__setitem__(0, "unicorn"))
    refused(bundle, "number 1 is 'unicorn' instead of 'cat'")


def test_other_attributes(bundle):
    edit(bundle, lambda c: c["attributes"].update(sky=["day"]))
    refused(bundle, "attributes")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c["engines"].pop("encoder"), "no engine 'encoder'"),
        (lambda c: c["arrays"].pop("prior_covariance"), "no array 'prior_covariance'"),
        (lambda c: c["arrays"]["prior_covariance"].update(shape=[61, 62]), r"float64 \(61, 62\)"),
        (lambda c: c["arrays"]["memory_latents"].update(dtype="float32"), "float32"),
        (lambda c: c["arrays"]["memory_seed"].update(shape=[7]), r"\(8,\)"),
        (lambda c: c["engines"]["encoder"]["outputs"].pop(0), "'concept' .* is missing"),
        (lambda c: c["engines"]["encoder"]["inputs"][0].update(shape=[-1, 62, 200]), "'eeg'"),
        (lambda c: c["engines"]["decoder"]["inputs"][0].update(shape=[-1, 4, 16, 16]), "'latent'"),
        (lambda c: c["engines"]["decoder"]["outputs"][0].update(dtype="float32"), "'rgb'"),
        (lambda c: c["engines"]["adapter"]["outputs"][0].update(shape=[-1, 61, 400]), "'adapter'"),
        (lambda c: c["silent"].append("concept"), "calls 'concept' silent"),
    ],
)
def test_what_does_not_fit_together(bundle, change, match):
    edit(bundle, change)
    refused(bundle, match)


def test_a_file_that_is_not_what_the_manifest_says(bundle):
    import hashlib

    def replace(content: bytes):
        (bundle / "memory_seed.npy").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        edit(bundle, lambda c: c["arrays"]["memory_seed"].update(sha256=digest))

    np.save(bundle / "other.npy", np.arange(8, dtype=np.int32))
    replace((bundle / "other.npy").read_bytes())
    refused(bundle, "int32")
    np.savez(bundle / "zip.npz", np.arange(8))
    replace((bundle / "zip.npz").read_bytes())
    refused(bundle, "no plain npy file")
    np.save(bundle / "pickle.npy", np.array([{}] * 8, dtype=object), allow_pickle=True)
    replace((bundle / "pickle.npy").read_bytes())
    refused(bundle, "no plain npy file")
    replace(b"")
    refused(bundle, "no plain npy file")


def test_a_bundle_from_before_a_field_came_keeps_its_id(bundle):
    file = bundle / "bundle.json"
    content = json.loads(file.read_text())
    del content["preprocessing"]["whiten"], content["silent"]
    file.write_text(json.dumps(content))
    assert load_bundle(bundle).manifest.preprocessing.whiten
    content["preprocessing"]["whiten"] = False
    file.write_text(json.dumps(content))
    with pytest.raises(BundleError, match="was changed after export"):
        load_bundle(bundle)


def test_weights_are_checked_as_everything_else(tmp_path):
    source = tmp_path / "w.safetensors"
    source.write_bytes(b"weights")
    manifest = write_tiny_bundle(tmp_path / "with", weights={"encoder": source})
    loaded = load_bundle(tmp_path / "with")
    assert loaded.weights_path("encoder").read_bytes() == b"weights"
    assert manifest.id != write_tiny_bundle(tmp_path / "without").id
    loaded.weights_path("encoder").write_bytes(b"others!")
    refused(tmp_path / "with", "encoder.safetensors of .* is damaged")
    edit(tmp_path / "with", lambda c: c["weights"]["encoder"].update(file="../w.safetensors"))
    refused(tmp_path / "with", "outside its own folder")


def test_a_bundle_from_before_weights_keeps_its_id(bundle):
    assert load_bundle(bundle).weights_path("encoder") is None
    content = json.loads((bundle / "bundle.json").read_text())
    before = content["id"]
    del content["weights"]
    (bundle / "bundle.json").write_text(json.dumps(content))
    assert load_bundle(bundle).manifest.id == before

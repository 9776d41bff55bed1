import json
import stat
import zipfile
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rtbci.cli import app
from rtbci.errors import WearerError
from rtbci.wearers import (
    Adapter,
    Predicted,
    Profile,
    ProfileRecord,
    cap_hash,
    check_cap,
    delete_profile,
    export_profile,
    home,
    import_profile,
    is_sealed,
    list_profiles,
    load_profile,
    read_report,
    save_profile,
    sitting_folder,
)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def profile(wearer="w01", seed=0, bundle_id="tiny-1", exponent=0.2):
    rng = np.random.default_rng(seed)
    adapter = Adapter(
        rng.standard_normal((62, 62)),
        rng.standard_normal((40, 40)),
        rng.standard_normal(40),
        rng.standard_normal((62 * 25, 40)),
        exponent,
    )
    labels = ("Fp1", "Cz")
    record = ProfileRecord(
        wearer=wearer,
        bundle_id=bundle_id,
        created="2026-01-01T00:00:00+00:00",
        method="layer",
        predicted=Predicted(0.3, (0.25, 0.35), 0.025),
        cap_labels=labels,
        cap_hash=cap_hash(labels),
    )
    return Profile(record, adapter, {"chosen": "layer", "candidates": []})


def test_a_profile_comes_back_bit_for_bit():
    saved = profile()
    save_profile(saved)
    loaded = load_profile("w01", bundle_id="tiny-1")
    for name, array in saved.adapter.arrays().items():
        np.testing.assert_array_equal(loaded.adapter.arrays()[name], array)
    assert loaded.adapter.exponent == 0.2
    assert loaded.report == saved.report
    assert loaded.record.predicted == saved.record.predicted
    assert loaded.wearer == "w01"


def test_nobody_else_can_read_it():
    folder = save_profile(profile())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert sorted(f.name for f in files) == [
        "head_bias.npy", "head_weight.npy", "matrix.npy", "own_weight.npy", "profile.json", "report.json",
    ]  # fmt: skip
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}


def test_a_newer_profile_takes_the_older_ones_place():
    save_profile(profile(seed=1))
    folder = save_profile(profile(seed=2))
    np.testing.assert_array_equal(load_profile("w01").adapter.matrix, profile(seed=2).adapter.matrix)
    assert [p.name for p in folder.parent.iterdir()] == ["w01"]


def test_a_failed_write_leaves_the_older_one(monkeypatch):
    save_profile(profile(seed=1))
    monkeypatch.setattr("rtbci.wearers.store.write_files", _no_space)
    with pytest.raises(WearerError, match="No space left"):
        save_profile(profile(seed=2))
    np.testing.assert_array_equal(load_profile("w01").adapter.matrix, profile(seed=1).adapter.matrix)
    assert [p.name for p in (home() / "wearers").iterdir()] == ["w01"]


def _no_space(*_):
    raise OSError(28, "No space left on device")


def test_another_bundle_is_refused():
    save_profile(profile())
    with pytest.raises(WearerError, match="fitted to bundle tiny-1, not to tiny-2"):
        load_profile("w01", bundle_id="tiny-2")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/etc", "a\\b", "-x", ".hidden", "a b", "ä", "x" * 65, "a\n", "w.01"]
)
def test_what_is_no_pseudonym(name, own_home):
    for act in (load_profile, delete_profile, lambda n: save_profile(profile(wearer=n))):
        with pytest.raises(WearerError, match="cannot be a wearer's pseudonym"):
            act(name)
    assert not own_home.exists()


def test_listing_and_deleting():
    assert list_profiles() == []
    save_profile(profile("b"))
    save_profile(profile("a"))
    assert [record.wearer for record in list_profiles()] == ["a", "b"]
    delete_profile("a")
    assert [record.wearer for record in list_profiles()] == ["b"]
    assert [p.name for p in (home() / "wearers").iterdir()] == ["b"]
    with pytest.raises(WearerError, match=r"no profile of 'a' \(there is: b\)"):
        load_profile("a")
    with pytest.raises(WearerError, match="no profile of 'a'"):
        delete_profile("a")


def test_deleting_takes_what_a_crash_left_behind():
    folder = save_profile(profile("a"))
    save_profile(profile("a-b"))
    for name in (".a.x1", ".a-b.x2"):
        (folder.parent / name).mkdir()
    delete_profile("a")
    assert sorted(p.name for p in folder.parent.iterdir()) == [".a-b.x2", "a-b"]


def test_moving_to_another_machine(tmp_path, monkeypatch):
    stick = tmp_path / "w01.zip"
    save_profile(profile())
    export_profile("w01", stick)
    assert stat.S_IMODE(stick.stat().st_mode) == 0o600
    with pytest.raises(WearerError, match="File exists"):
        export_profile("w01", stick)
    with pytest.raises(WearerError, match="cannot be written"):
        export_profile("w01", tmp_path / "nowhere" / "w01.zip")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "other"))
    assert import_profile(stick) == "w01"
    np.testing.assert_array_equal(load_profile("w01").adapter.matrix, profile().adapter.matrix)
    with pytest.raises(WearerError, match="profile of 'w01' already"):
        import_profile(stick)


def test_the_report_is_json():
    save_profile(profile())
    assert json.loads(read_report("w01")) == profile().report


def test_what_is_no_export(tmp_path):
    (tmp_path / "text").write_text("hello")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("../evil", "x")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.json", bytes(20_000_000))
    (tmp_path / "folder").mkdir()
    for name, why in (
        ("text", r"holds no profile \(it is no whole zip file\)"),
        ("empty.zip", r"holds no profile \(files of a profile are missing in it\)"),
        ("bomb.zip", "holds no profile"),
        ("nothing", r"cannot be read \(No such file or directory\)"),
        ("folder", r"cannot be read \(Is a directory\)"),
    ):
        with pytest.raises(WearerError, match=rf"{name} {why}.*; give a file that") as refused:
            import_profile(tmp_path / name)
        assert "Errno" not in str(refused.value)


def test_nobody_is_asked_whether_to_delete_what_is_not_there():
    done = CliRunner().invoke(app, ["wearers", "delete", "nobody"])
    assert isinstance(done.exception, WearerError)
    assert "no profile of 'nobody'" in str(done.exception)
    assert not done.output


@pytest.mark.parametrize(
    "file", ["matrix.npy", "head_weight.npy", "head_bias.npy", "profile.json", "report.json"]
)
def test_damage_is_noticed(file):
    folder = save_profile(profile())
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[:-7])
    with pytest.raises(WearerError, match="calibrate the wearer again"):
        load_profile("w01")
    (folder / file).unlink()
    with pytest.raises(WearerError, match="calibrate the wearer again"):
        load_profile("w01")


def test_a_damaged_profile_keeps_no_other_from_being_listed(monkeypatch):
    monkeypatch.setattr("rtbci.cli.tables._WIDTH", 80)
    save_profile(replace(profile("b-good"), report={"stream": {"name": "my cap"}}))
    (save_profile(profile("a-bad")) / "matrix.npy").unlink()
    bad, good = list_profiles()
    assert bad.record is None and good.record is not None
    assert "matrix.npy is missing" in bad.damage and "Errno" not in bad.damage
    done = CliRunner().invoke(app, ["wearers", "list"])
    assert done.exit_code == 0, done.output
    assert "damaged" in done.output and bad.damage in done.output
    assert "2026-01-01 00:00" in done.output and "tiny-1" in done.output
    assert "b-good: stream 'my cap', 2 channels: Fp1, Cz" in done.output


def test_another_version_and_unknown_fields_are_refused():
    folder = save_profile(profile())
    content = json.loads((folder / "profile.json").read_text())
    (folder / "profile.json").write_text(json.dumps(content | {"version": 2}))
    with pytest.raises(WearerError, match="version 2"):
        load_profile("w01")
    (folder / "profile.json").write_text(json.dumps(content | {"name": "Jane Doe"}))
    with pytest.raises(WearerError, match="unknown field"):
        load_profile("w01")


def test_an_import_cannot_place_files_elsewhere(tmp_path):
    folder = save_profile(profile())
    content = json.loads((folder / "profile.json").read_text())
    (folder / "profile.json").write_text(json.dumps(content | {"wearer": "../../evil"}))
    export_profile("w01", tmp_path / "evil.zip")
    with pytest.raises(WearerError, match="pseudonym"):
        import_profile(tmp_path / "evil.zip")


def test_the_users_own_folder_is_the_default(monkeypatch):
    monkeypatch.delenv("RTBCI_HOME")
    assert home().name == "rtbci"


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_identity_changes_nothing(seed, n):
    rng = np.random.default_rng(seed)
    eeg = rng.standard_normal((n, 62, 400)).astype(np.float32)
    logits = rng.standard_normal((n, 40))
    adapter = Adapter.identity()
    np.testing.assert_array_equal(adapter.spatial(eeg), eeg)
    np.testing.assert_array_equal(adapter.concept_logits(logits, eeg), logits)
    assert adapter.exponent is None


def test_the_layer_mixes_channels_and_the_head_mixes_logits():
    adapter = profile().adapter
    rng = np.random.default_rng(3)
    eeg, logits = rng.standard_normal((2, 62, 400)), rng.standard_normal((2, 40))
    expected = np.einsum("ij,njt->nit", adapter.matrix, eeg)
    np.testing.assert_allclose(adapter.spatial(eeg.astype(np.float32)), expected, atol=1e-4)
    bins = [eeg[:, :, 16 * b : 16 * b + 16].mean(axis=2) for b in range(25)]
    own = np.einsum("bnc,cbk->nk", bins, adapter.own_weight.reshape(62, 25, 40))
    np.testing.assert_allclose(
        adapter.concept_logits(logits, eeg),
        np.einsum("nk,kj->nj", logits, adapter.head_weight) + adapter.head_bias + own,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"matrix": np.eye(61)},
        {"head_weight": np.full((40, 40), np.nan)},
        {"head_bias": np.zeros(41)},
        {"own_weight": np.zeros((62, 40))},
        {"exponent": 0.0},
        {"exponent": float("nan")},
    ],
)
def test_an_adapter_that_cannot_be_is_refused(change):
    arrays = Adapter.identity().arrays()
    with pytest.raises(WearerError, match="calibrate the wearer again"):
        Adapter(**(arrays | change))


def test_another_cap_is_refused_with_what_to_do():
    record = profile().record
    check_cap(record, ("Fp1", "Cz"))
    for labels in (("Cz", "Fp1"), ("Fp1", "Cz", "Pz")):
        with pytest.raises(WearerError, match=r"made with another cap .* without --wearer"):
            check_cap(record, labels)


def test_an_encrypted_profile_tells_nothing_without_its_passphrase(tmp_path, monkeypatch):
    saved = profile()
    folder = save_profile(saved, passphrase="correct horse")
    assert [path.name for path in folder.iterdir()] == ["profile.sealed"]
    assert b"layer" not in (folder / "profile.sealed").read_bytes()
    assert is_sealed("w01")
    (listed,) = list_profiles()
    assert (listed.wearer, listed.sealed, listed.record) == ("w01", True, None)
    loaded = load_profile("w01", bundle_id="tiny-1", passphrase="correct horse")
    np.testing.assert_array_equal(loaded.adapter.own_weight, saved.adapter.own_weight)
    with pytest.raises(WearerError, match="RTBCI_PASSPHRASE"):
        load_profile("w01")
    with pytest.raises(WearerError, match="passphrase is wrong"):
        load_profile("w01", passphrase="incorrect horse")
    with pytest.raises(WearerError, match="fitted to bundle tiny-1"):
        load_profile("w01", bundle_id="tiny-2", passphrase="correct horse")
    export_profile("w01", tmp_path / "w01.zip")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "other"))
    assert import_profile(tmp_path / "w01.zip") == "w01"
    assert load_profile("w01", passphrase="correct horse").report == saved.report
    with pytest.raises(WearerError, match="profile of 'w01' already"):
        import_profile(tmp_path / "w01.zip")


def test_an_encrypted_profile_that_was_changed_is_refused():
    folder = save_profile(profile(), passphrase="correct horse")
    sealed = json.loads((folder / "profile.sealed").read_text())
    for change in ({"n": 2**30}, {"version": 2}, {"salt": ""}, {"name": "Jane Doe"}):
        (folder / "profile.sealed").write_text(json.dumps(sealed | change))
        with pytest.raises(WearerError, match="calibrate the wearer again"):
            load_profile("w01", passphrase="correct horse")
    token = sealed["token"]
    (folder / "profile.sealed").write_text(json.dumps(sealed | {"token": token[:-8] + "AAAA" + token[-4:]}))
    with pytest.raises(WearerError, match="the file was changed"):
        load_profile("w01", passphrase="correct horse")


def test_the_passphrase_may_not_be_empty():
    with pytest.raises(WearerError, match="passphrase is empty"):
        save_profile(profile(), passphrase="")
    assert list_profiles() == []


def test_the_pages_are_kept_and_travel(tmp_path, monkeypatch):
    pages = {"report.html": b"<p>", "report.png": b"\x89PNG"}
    save_profile(replace(profile(), pages=pages))
    export_profile("w01", tmp_path / "w01.zip")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "other"))
    import_profile(tmp_path / "w01.zip")
    assert load_profile("w01").pages == pages


def test_deleting_takes_an_interrupted_calibration_too():
    sitting_folder("w01").mkdir(parents=True)
    delete_profile("w01")
    assert not sitting_folder("w01").exists()


def with_parts():
    covariance = np.diag(np.arange(1.0, 63.0))
    record = msgspec.structs.replace(profile().record, spread=0.3)
    return replace(profile(), record=record, encoder=b"an ONNX graph", covariance=covariance)


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_an_encoder_and_a_covariance_of_ones_own_come_back(passphrase, tmp_path, monkeypatch):
    save_profile(with_parts(), passphrase=passphrase)
    loaded = load_profile("w01", passphrase=passphrase)
    assert loaded.encoder == b"an ONNX graph"
    assert loaded.record.spread == 0.3
    np.testing.assert_array_equal(loaded.covariance, with_parts().covariance)
    export_profile("w01", tmp_path / "w01.zip")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "other"))
    import_profile(tmp_path / "w01.zip")
    assert load_profile("w01", passphrase=passphrase).encoder == b"an ONNX graph"


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_large_encoder_comes_back_and_travels(passphrase, tmp_path, monkeypatch):
    # As large as that of a bundle which decodes an embedding of text, and as little to be made smaller.
    encoder = np.random.default_rng(0).bytes(12_000_000)
    save_profile(replace(with_parts(), encoder=encoder), passphrase=passphrase)
    assert load_profile("w01", passphrase=passphrase).encoder == encoder
    export_profile("w01", tmp_path / "w01.zip")
    monkeypatch.setenv("RTBCI_HOME", str(tmp_path / "other"))
    import_profile(tmp_path / "w01.zip")
    assert load_profile("w01", passphrase=passphrase).encoder == encoder


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_what_could_not_be_read_again_is_not_stored(passphrase):
    save_profile(profile(seed=1))
    pages = {"report.html": bytes(10_000_001)}
    with pytest.raises(WearerError, match=r"report\.html has 10 MB"):
        save_profile(replace(profile(seed=2), pages=pages), passphrase=passphrase)
    np.testing.assert_array_equal(load_profile("w01").adapter.matrix, profile(seed=1).adapter.matrix)


def test_an_encrypted_profile_of_other_files_is_refused(monkeypatch):
    monkeypatch.setattr("rtbci.wearers.store.contents", lambda _: {"profile.json": b"{}"})
    save_profile(profile(), passphrase="correct horse")
    with pytest.raises(WearerError, match="calibrate the wearer again"):
        load_profile("w01", passphrase="correct horse")


def test_an_older_profile_without_them_is_whole():
    loaded = profile()
    save_profile(loaded)
    found = load_profile("w01")
    assert found.encoder is None
    assert found.covariance is None
    assert found.record.spread is None


@pytest.mark.parametrize("file", ["encoder.onnx", "covariance.npy"])
def test_a_part_that_was_changed_taken_or_put_there_is_noticed(file):
    folder = save_profile(with_parts())
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[:-1] + b"?")
    with pytest.raises(WearerError, match=f"{file} was changed"):
        load_profile("w01")
    (folder / file).unlink()
    with pytest.raises(WearerError, match=f"{file} was changed"):
        load_profile("w01")
    folder = save_profile(profile())
    (folder / file).write_bytes(content)
    with pytest.raises(WearerError, match=f"{file} was changed"):
        load_profile("w01")

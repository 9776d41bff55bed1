"""What is recorded of a sitting comes back, whatever ended it."""

import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.bundle import load_bundle
from rtbci.calibrate import Collector, Journal
from rtbci.errors import ContractError, RecordingError
from rtbci.montage import CHANNELS
from rtbci.record import Recorder
from rtbci.stimuli.markers import ClipMarker, encode
from rtbci.stream import Connected, Gap, Jumped, Lost
from tests.calibrate.journals import contract, noise, pieces, write_journal
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journal") / "tiny"
    write_tiny_bundle(folder)
    return load_bundle(folder)


def again(folder):
    journal = Journal(folder, 99)
    assert journal.resumed
    return journal


def test_a_sitting_comes_back_bit_for_bit(bundle, tmp_path):
    journal = Journal(tmp_path / "w01", 7)
    assert not journal.resumed
    journal.start()
    live = Collector(bundle, journal)
    chunk = noise(12.0)
    live.on_item(Connected(contract()))
    for i, piece in enumerate(pieces(chunk)):
        if i == 20:
            live.on_item(Gap(float(piece.stamps[0]), 30, 0.15))
        if i == 40:
            live.on_item(Jumped(float(piece.stamps[0]), 0.2))
        if i == 50:
            live.on_item(Lost(float(piece.stamps[0]), "gone"))
            live.on_item(Connected(contract()))
        live.on_item(piece)
    for i in range(5):
        live.on_marker(encode(ClipMarker(concept="cat", seed=i, seconds=2.0)), 101.0 + 2 * i)
    journal.close()
    journal._lock.close()

    back = again(tmp_path / "w01")
    assert back.seed == 7
    replayed = Collector(bundle, back)
    replayed.replay(back.contract, back.parts(now=1e6))
    before, after = live.sitting(), replayed.sitting()
    assert len(before.z) > 5
    np.testing.assert_array_equal(after.newest, before.newest)
    np.testing.assert_array_equal(after.z, before.z)
    assert after.clips == before.clips
    assert replayed.lost_samples == live.lost_samples == 30
    assert replayed.watched == live.watched == 5


def test_a_clip_that_was_cut_off_is_forgotten(bundle, tmp_path):
    write_journal(tmp_path / "w01", clips=3)
    back = again(tmp_path / "w01")
    collector = Collector(bundle, back)
    collector.replay(back.contract, back.parts(now=1e6))
    assert collector.watched == collector.announced == 3


@given(st.integers(0, 4000))
def test_a_file_cut_anywhere_gives_what_was_whole(tmp_path_factory, cut):
    """As a process leaves it that was killed in the middle of a write."""
    folder = tmp_path_factory.mktemp("cut") / "w01"
    write_journal(folder, clips=1)
    (part,) = folder.glob("part-*.xdf")
    content = part.read_bytes()
    part.write_bytes(content[: max(0, len(content) - cut**2)])
    back = again(folder)
    try:
        (got,) = back.parts(now=1e6)
    finally:
        back._lock.close()
    whole = noise(5.5)
    for stretch in got.stretches:
        np.testing.assert_array_equal(stretch.chunk.data, whole.data[: len(stretch.chunk.data)])


def test_parts_follow_one_another_even_if_the_clock_began_again(bundle, tmp_path):
    folder = tmp_path / "w01"
    write_journal(folder, clips=3, start=5000.0)
    write_journal(folder, clips=4, start=10.0, seed=1)
    back = again(folder)
    collector = Collector(bundle, back)
    collector.replay(back.contract, back.parts(now=20.0))
    assert collector.watched == 7
    newest = collector.sitting().newest
    assert np.all(np.diff(newest) > 0)
    assert newest[-1] < 20.0


def test_another_cap_is_refused_with_what_to_do(tmp_path):
    write_journal(tmp_path / "w01", clips=1)
    back = again(tmp_path / "w01")
    with pytest.raises(ContractError, match=r"begun with stream 'cap' .*--fresh"):
        back.connected(contract(labels=tuple(reversed(CHANNELS)), name="other"))


def test_beginning_anew_forgets(tmp_path):
    write_journal(tmp_path / "w01", clips=1)
    journal = Journal(tmp_path / "w01", 3, fresh=True)
    assert not journal.resumed
    assert journal.seed == 3
    assert journal.contract is None
    assert list(journal.parts(now=1e6)) == []


def test_nobody_else_can_read_it_and_nothing_stays(tmp_path):
    folder = tmp_path / "sittings" / "w01"
    write_journal(folder, clips=1)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.glob("part*")} == {0o600}
    again(folder).discard()
    assert not folder.exists()


def test_two_at_once_are_refused(tmp_path):
    first = Journal(tmp_path / "w01", 0)
    with pytest.raises(RecordingError, match="Another calibration of this wearer is going on"):
        Journal(tmp_path / "w01", 0)
    first.discard()


def test_a_damaged_sitting_is_refused_with_what_to_do(tmp_path):
    write_journal(tmp_path / "w01", clips=1)
    (tmp_path / "w01" / "sitting.json").write_text("{")
    with pytest.raises(RecordingError, match="begin anew with --fresh"):
        Journal(tmp_path / "w01", 0)
    assert not Journal(tmp_path / "w01", 0, fresh=True).resumed


def test_a_place_that_cannot_be_written_is_said_before_anything_is_shown(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"cannot be kept in .*set RTBCI_HOME"):
        Journal(tmp_path / "file" / "w01", 0)


def test_a_full_disk_ends_the_sitting_and_what_was_written_is_whole(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "w01", 0)
    journal.start()
    journal.connected(contract())
    real, written = Recorder._write, [0]

    def full(self, batch):
        if written[0] + len(batch) > 2_000_000:
            raise OSError(28, "No space left on device")
        written[0] += len(batch)
        real(self, batch)

    monkeypatch.setattr(Recorder, "_write", full)
    chunk = noise(120.0)
    for piece in pieces(chunk):
        journal.eeg(piece)
    journal.close()
    assert "No space left" in str(journal.failure)
    assert "goes on from there" in str(journal.failure)
    journal._lock.close()
    (part,) = again(tmp_path / "w01").parts(now=1e6)
    assert part.stretches
    for stretch in part.stretches:
        np.testing.assert_array_equal(stretch.chunk.data, chunk.data[: len(stretch.chunk.data)])

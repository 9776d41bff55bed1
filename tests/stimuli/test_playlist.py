from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtbci.errors import StimulusError
from rtbci.stimuli.playlist import WATCHED_SEEDS, Playlist


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(2, 6))
def test_rounds_show_each_concept_once_and_never_twice_in_a_row(seed, n):
    shown = [spec.concept for spec in islice(Playlist(seed, range(n)).rounds(), n * 12)]
    for start in range(0, len(shown), n):
        assert sorted(shown[start : start + n]) == list(range(n))
    assert all(first != second for first, second in pairwise(shown))


def test_a_seed_decides_everything_and_no_clip_comes_twice():
    first = list(islice(Playlist(3).rounds(), 200))
    assert first == list(islice(Playlist(3).rounds(), 200))
    assert first != list(islice(Playlist(4).rounds(), 200))
    seeds = [spec.seed for spec in islice(Playlist(3).rounds(), 5000)]
    assert len(set(seeds)) == len(seeds)
    assert all(seed in WATCHED_SEEDS for seed in seeds)


def test_rounds_and_blocks_of_one_playlist_share_no_clip():
    playlist = Playlist(11)
    watched = {spec.seed for spec in islice(playlist.rounds(), 100)}
    watched_later = {spec.seed for block in playlist.blocks() for slot in block for spec in slot.clips}
    assert len(watched_later) == 1400
    assert not watched & watched_later


def test_blocks_are_as_in_seed_dv():
    blocks = list(Playlist(5).blocks())
    assert len(blocks) == 7
    orders = [tuple(slot.concept for slot in block) for block in blocks]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert len(set(orders)) == 7
    for slot in blocks[0]:
        assert [spec.concept for spec in slot.clips] == [slot.concept] * 5


@pytest.mark.parametrize("concepts", [[], [3], [1, 1]])
def test_what_cannot_be_mixed_is_refused(concepts):
    with pytest.raises(StimulusError, match="two or more"):
        Playlist(0, concepts)

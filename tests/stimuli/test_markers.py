import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtbci.errors import StimulusError
from rtbci.stimuli.concepts import CONCEPT_NAMES
from rtbci.stimuli.markers import ClipMarker, EndMarker, HintMarker, RestMarker, ShownMarker, decode, encode

concepts = st.sampled_from(CONCEPT_NAMES)
seconds = st.floats(0.01, 1e4)
markers = st.one_of(
    st.builds(
        ClipMarker, concepts, st.integers(0, 2**53), seconds, st.sampled_from(("", "a/b.mp4", "ü.gif"))
    ),
    st.builds(HintMarker, concepts, seconds),
    st.builds(RestMarker, seconds, st.sampled_from(("", "open", "closed"))),
    st.builds(ShownMarker, seconds, st.integers(0, 100), st.integers(0, 100)),
    st.just(EndMarker()),
)


@given(markers)
def test_round_trip(marker):
    assert decode(encode(marker)) == marker


def test_the_text_is_the_agreed_one():
    text = '{"rtbci":1,"event":"clip","concept":"cat","seed":5,"seconds":2.0}'
    assert encode(ClipMarker("cat", 5)) == text
    assert decode(text).spec().name == "cat"
    assert decode(text).file == ""
    own = '{"rtbci":1,"event":"clip","concept":"cat","seed":5,"seconds":2.0,"file":"a.mp4"}'
    assert encode(ClipMarker("cat", 5, file="a.mp4")) == own
    assert decode(own).file == "a.mp4"
    assert encode(RestMarker(6.0)) == '{"rtbci":1,"event":"rest","seconds":6.0}'
    assert decode('{"rtbci":1,"event":"hint","concept":"dog"}') == HintMarker("dog", 3.0)


@given(st.text())
def test_any_foreign_text_passes_as_none(text):
    assert decode(text) is None


@pytest.mark.parametrize("text", ["S  1", "7", "[1, 2]", '"rtbci"', '{"event": "clip"}', "", "\ud800"])
def test_foreign_markers_are_no_errors(text):
    assert decode(text) is None


@pytest.mark.parametrize(
    "fields",
    [
        '"event":"clip","concept":"unicorn","seed":1',
        '"event":"clip","concept":"cat","seed":-1',
        '"event":"clip","concept":"cat","seed":1.5',
        '"event":"clip","concept":"cat","seed":1,"seconds":0',
        '"event":"clip","concept":"cat"',
        '"event":"clip","concept":"cat","seed":1,"colour":"red"',
        '"event":"sing"',
        '"concept":"cat"',
        '"event":"rest"',
        '"event":"rest","seconds":1,"eyes":"half"',
    ],
)
def test_our_own_malformed_markers_are_errors(fields):
    with pytest.raises(StimulusError, match="malformed"):
        decode('{"rtbci":1,' + fields + "}")


@pytest.mark.parametrize("version", ["2", "true", "null", '"1"'])
def test_another_version_is_refused(version):
    with pytest.raises(StimulusError, match="version"):
        decode('{"rtbci":' + version + ',"event":"end"}')

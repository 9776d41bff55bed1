import pytest

from rtbci.viewer.figures import percent


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "<1 %"),
        (0.004, "<1 %"),
        (0.01, "1 %"),
        (0.556, "56 %"),
        (0.99, "99 %"),
        (0.9987, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_nothing_is_certain(probability, text):
    assert percent(probability) == text

"""How far a sync is, in words that promise no more than is known."""

import pytest

from psauth.mirror.progress import Standing


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(), ""),
        (Standing(5, 10, 3, None), ""),
        (Standing(5, 10, 3, 30.0), "about 30 s to go"),
        (Standing(5, 10, 3, 30.0, knows_all=False), "at least 30 s to go"),
    ],
)
def test_the_time_to_go(standing, words):
    assert standing.time_to_go == words

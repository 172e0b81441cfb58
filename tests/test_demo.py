"""The sandbox as people start it."""

import pandas as pd
import pytest

import psauth


@pytest.mark.slow
def test_a_company_that_stands_at_a_day_is_the_same_one_again():
    frames = []
    for _ in range(2):
        with psauth.Sandbox(runs=20, now="2026-11-26") as box:
            ps = psauth.connect(settings=box.settings)
            frames.append(ps.runs(progress=False).drop(columns="link"))  # the port is any free one
    pd.testing.assert_frame_equal(*frames)
    assert frames[0]["created_date"].max() < pd.Timestamp("2026-11-26", tz="UTC")


def test_a_day_that_is_none_is_said():
    with pytest.raises(ValueError, match="'yesterday' is not a date"):
        psauth.Sandbox(now="yesterday")

"""Incomplete: what a frame says that it lacks, through everything pandas does to a frame."""

import copy
import json
import pickle

import pandas as pd
import pytest

from psauth.reading.incomplete import Incomplete

REASONS = {"run1": "Not yours.", "the rest": "Stopped after 2 of 9."}


@pytest.fixture
def frame():
    return Incomplete(REASONS).mark(pd.DataFrame({"run_id": ["run2", "run3"]}))


def test_it_compares_to_a_dict_of_what_and_why():
    assert Incomplete(REASONS) == REASONS
    assert Incomplete(REASONS) != {"run1": "Not yours."}
    assert not Incomplete()


def test_a_complete_frame_is_told_by_a_false_value():
    complete = pd.DataFrame({"run_id": []})
    assert not Incomplete.of(complete)
    assert Incomplete.of(Incomplete().mark(complete)) == {}
    assert complete.attrs == {}


@pytest.mark.parametrize(
    "pass_through",
    [
        lambda f: f,
        lambda f: f.copy(),
        lambda f: f[f["run_id"] == "run2"],
        lambda f: f.assign(more=1).reset_index(drop=True),
        lambda f: pd.concat([f, f]),
        lambda f: pd.concat([f, f], axis="columns"),
        lambda f: f.merge(f, on="run_id"),
        lambda f: pickle.loads(pickle.dumps(f)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["itself", "copy", "rows", "assign", "concat", "concat columns", "merge", "pickle", "copy()", "deepcopy"],
)
def test_it_stays_with_the_frame(frame, pass_through):
    kept = Incomplete.of(pass_through(frame))
    assert kept == REASONS
    assert isinstance(kept, Incomplete)


def test_it_survives_a_parquet_file(frame, tmp_path):
    frame.to_parquet(tmp_path / "frame.parquet")
    again = pd.read_parquet(tmp_path / "frame.parquet")
    assert again.attrs["incomplete"] == REASONS
    assert Incomplete.of(again) == Incomplete(REASONS)
    assert json.loads(json.dumps(frame.attrs)) == {"incomplete": REASONS}


def test_the_parts_and_the_rest_are_told_apart(frame):
    incomplete = Incomplete.of(frame)
    assert incomplete.rest == "Stopped after 2 of 9."
    assert incomplete.parts == {"run1": "Not yours."}
    assert Incomplete({"run1": "Not yours."}).rest is None


def test_a_foreign_mark_counts_as_one_too():
    frame = pd.DataFrame()
    frame.attrs["incomplete"] = True
    assert Incomplete.of(frame).rest == "True"


def test_two_are_joined_into_one():
    joined = Incomplete({"run1": "Not yours."}) | {"run2": "Gone."}
    assert joined == {"run1": "Not yours.", "run2": "Gone."}
    assert isinstance(joined, Incomplete)


@pytest.mark.parametrize(
    "change",
    [
        lambda i: i.update(run2="x"),
        lambda i: i.pop("run1"),
        lambda i: i.popitem(),
        lambda i: i.clear(),
        lambda i: i.setdefault("run2", "x"),
        lambda i: i.__setitem__("run2", "x"),
        lambda i: i.__delitem__("run1"),
        lambda i: i.__ior__({"run2": "x"}),
    ],
)
def test_it_cannot_be_changed(change):
    incomplete = Incomplete(REASONS)
    with pytest.raises(TypeError, match="cannot be changed"):
        change(incomplete)
    assert incomplete == REASONS
    assert len({incomplete, Incomplete(REASONS)}) == 1


def test_it_prints_what_a_person_wants_to_know():
    assert str(Incomplete()) == "Complete"
    assert str(Incomplete({"the rest": "Stopped after 2 of 9."})) == "Incomplete: Stopped after 2 of 9."
    many = Incomplete({"the rest": "Stopped."} | {f"run{n}": "Not yours." for n in range(1_200)})
    assert str(many).splitlines() == [
        "Incomplete: Stopped. 1,200 parts are missing:",
        *[f"  run{n}: Not yours." for n in range(5)],
        "  and 1,195 more",
    ]
    assert repr(many) == str(many)

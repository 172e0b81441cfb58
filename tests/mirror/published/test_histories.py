"""Histories: whatever happened in whatever order, the tables are those that a publication from nothing would be."""

import os
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from pandas.testing import assert_frame_equal

from psauth.mirror.delta import DeltaFolder
from psauth.mirror.publication import Content
from psauth.mirror.publish import publish
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import MONTHS, NOON, a_record, a_run, a_task, a_value, an_answer, lists_of

STEPS = 12


class History:
    """Something happens, at random, a minute later than what happened before."""

    def __init__(self, store, folder, seed):
        self.store, self.folder, self.random = store, folder, Random(seed)
        self.now = NOON

    def step(self):
        self.now += timedelta(minutes=1)
        happens = self.random.choice(
            [
                self.run,
                self.run,
                self.values,
                self.gone,
                self.back,
                self.names,
                self.template,
                self.data_set,
                self.people,
            ]
        )
        happens()
        if self.random.random() < 0.3:
            self.damage()
        if self.random.random() < 0.7:
            publish(self.store, self.folder)

    def run(self):
        number = self.random.randrange(12)
        workflow = self.random.choice(["w1", "w2", "w3"])
        name = f"Step {self.random.randrange(99)}"
        self.store.write_runs([an_answer(number, MONTHS[number % 3], workflow, at=self.now, name=name)])

    def values(self):
        number = self.random.randrange(6)
        lists = lists_of(f"r{number}")
        field = f"f{self.random.randrange(5, 9)}"
        stamp = f"{self.now:%Y-%m-%dT%H:%M:%S}Z"
        label = f"Field {self.random.randrange(3)}"
        lists["form_values"].append(a_value(f"r{number}", field, label, "Text", "x", updatedDate=stamp))
        self.store.write_run(a_run(number, MONTHS[number % 3], ("w1", "w2")[number % 2]), lists, self.now)

    def gone(self):
        self.store.mark_gone(f"r{self.random.randrange(6)}", self.random.choice(["deleted", "hidden"]), self.now)

    def back(self):
        self.store.mark_back(f"r{self.random.randrange(6)}")

    def names(self):
        names = [{"id": f"w{n}", "name": f"Workflow {n} {self.random.choice('ab')}"} for n in (1, 2, 3)]
        self.store.write_list("workflows", "", names, self.now)

    def template(self):
        fields = [
            {"id": f"f{n}", "label": f"Label {self.random.randrange(3)}", "key": f"k{n}", "fieldType": "Text"}
            for n in (3, 5)
        ]
        self.store.write_list("form_fields", "w1", fields, self.now)

    def data_set(self):
        if self.random.random() < 0.3:
            self.store.drop_lists("records", ["d1"])
        else:
            rows = [a_record(n, c2=self.random.random()) for n in range(self.random.randrange(4))]
            self.store.write_list("records", "d1", rows, self.now)

    def people(self):
        tasks = [a_task(f"r{n}", 1) for n in range(self.random.randrange(5))]
        self.store.write_list("assigned_tasks", "p2@example.com", tasks, self.now)

    def damage(self):
        files = sorted(path for path in Path(self.folder.url).rglob("*") if path.is_file())
        for path in self.random.sample(files, min(2, len(files))):
            if self.random.random() < 0.5:
                path.unlink()
            else:
                os.truncate(path, self.random.randrange(path.stat().st_size + 1) // 2)


def frames_of(mirror, wide):
    """The tables by name, those of workflows and data sets by the id of each; in an order that says nothing."""
    names = {table: key for key, table in wide.items()}
    frames = {}
    for name in mirror:
        frame = mirror[name].to_pandas()
        if name in names:  # a field that no value has any more may still have its column
            frame = frame.dropna(axis="columns", how="all").sort_index(axis="columns")
        frames[names.get(name, name)] = frame.sort_values(list(frame.select_dtypes("str")), ignore_index=True)
    return frames


@pytest.mark.parametrize("seed", range(4))
def test_tables_are_what_they_would_be_if_they_were_all_derived_now(store, folder, tmp_path, seed):
    history = History(store, folder, seed)
    for _ in range(STEPS):
        history.step()
    wide = Content.from_json(publish(store, folder).content).wide
    grown = frames_of(Mirror.open(store, folder), wide)
    fresh_folder = DeltaFolder(str(tmp_path / "fresh"))
    wide = Content.from_json(publish(store, fresh_folder).content).wide
    fresh = frames_of(Mirror.open(store, fresh_folder), wide)
    assert grown.keys() == fresh.keys()
    for name, frame in fresh.items():
        assert_frame_equal(grown[name], frame, obj=name)

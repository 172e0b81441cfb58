"""A data set of the sandbox whose cells a test plants, as no write could put them there."""

from tests.flow.parts import WRITTEN


class Sheet:
    """The data set "Vendors" with the columns Name and Label (Text), Amount (Number) and Since (DateTime)."""

    name = "Vendors"

    def __init__(self, box, ps):
        self.ps = ps
        self._requests, self._records = box.requests, box.company.library.records
        data_set = next(s for s in box.company.library.data_sets if s["name"] == self.name)
        kinds = {"Name": "Text", "Label": "Text", "Amount": "Number", "Since": "DateTime"}
        for field, (name, kind) in zip(data_set["fields"], kinds.items(), strict=True):
            field |= {"name": name, "fieldType": kind}
        self.fields = data_set["fields"]
        self.ids = {field["name"]: field["id"] for field in self.fields}
        self._id = data_set["id"]
        self._first = self._records[self._id][0]

    def plant(self, rows):
        """Records with these cells, by the name of the column, or by the id of a field that is not listed."""
        self._records[self._id] = [
            {
                **self._first,
                "id": f"{'r' * 20}{number:02}",
                "cells": [
                    {"fieldId": self.ids.get(name, name), "value": value}
                    for name, value in {**dict.fromkeys(self.ids), **row}.items()
                ],
            }
            for number, row in enumerate(rows)
        ]
        self._requests.clear()

    def read(self):
        """The frame of the records."""
        return self.ps.records(self.name, progress=False)

    def write(self, frame, **how):
        """The report of writing a frame."""
        return self.ps.write_records(self.name, frame, progress=False, **{"key": "Name", **how})

    @property
    def written(self):
        """The methods of the writes since cells were planted."""
        return [r.method for r in self._requests if r.method in WRITTEN]

    @property
    def cells(self):
        """The cells as the service has them, record by record."""
        names = {field_id: name for name, field_id in self.ids.items()}
        return [
            {names.get(c["fieldId"], c["fieldId"]): c["value"] for c in record["cells"]}
            for record in self._records[self._id]
        ]

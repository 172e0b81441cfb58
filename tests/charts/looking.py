"""Looking: a picture as a reader gets it, its words, and what it is made of."""

import io
import json

from PIL import Image


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"])


def subtitle(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


def rows(chart):
    """Every row that any layer of the picture draws."""
    spec = chart.to_dict()
    sets = [
        spec["datasets"][layer["data"]["name"]] if "name" in layer["data"] else layer["data"]["values"]
        for layer in layers(spec)
    ]
    assert sets
    return [row for values in sets for row in values]


def layers(spec):
    """Its layers, each with the data that it draws."""
    return [{"data": spec.get("data"), **layer} for layer in spec["layer"]]


def said(chart):
    """Every text that stands in the picture."""
    return [row["text"] for row in rows(chart) if "text" in row]


def fields(chart):
    """The names of all fields that an encoding reads, and all expressions but for mere numbers."""
    found = set()

    def walk(part):
        if isinstance(part, dict):
            for name, value in part.items():
                if name in ("field", "test", "expr", "labelExpr") and isinstance(value, str) and not value.isdigit():
                    found.add(value)
                if name not in ("values", "datasets"):
                    walk(value)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(chart.to_dict())
    return found


def image(chart):
    """The picture as vl-convert draws it."""
    file = io.BytesIO()
    chart.save(file, format="png", scale_factor=1)
    return Image.open(file).convert("RGB")


def is_whole(chart):
    """Whether all of it is in the spec: no address to fetch, no number that is none."""
    spec = chart.to_dict()
    spec.pop("$schema")
    text = json.dumps(spec, allow_nan=False)
    return "http" not in text and '"url"' not in text

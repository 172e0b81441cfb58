"""XES files, read by the standard library, and held to what IEEE 1849-2016 wants: the elements, their order, their values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

Trace = tuple[dict[str, Any], list[dict[str, Any]]]
"""What is said of a run, and of each of its events: {key: (kind, text)}."""
SPACE = "{http://www.xes-standard.org/}"
VALUES = {
    "string": r"(?s).*",
    "date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{3})?\+00:00",
    "int": r"-?\d+",
    "float": r"-?\d+(\.\d+)?(e[+-]?\d+)?|-?INF",
    "boolean": "true|false",
}


def read_xes(file: Path | BinaryIO) -> list[Trace]:
    """The runs of a file with their events, each as {key: (kind, value)}; an assertion fails where it is not as the standard has it."""
    root = ElementTree.parse(file).getroot()
    assert root.tag == f"{SPACE}log"
    assert re.fullmatch(r"\d+\.\d+", root.attrib["xes.version"]), "the schema has a decimal number here"
    parts = [child.tag.removeprefix(SPACE) for child in root]
    order = ["extension", "global", "classifier", "trace"]
    assert parts == sorted(parts, key=order.index)
    prefixes = set()
    for each in root.findall(f"{SPACE}extension"):
        assert each.attrib["uri"] == f"http://www.xes-standard.org/{each.attrib['prefix']}.xesext"
        prefixes.add(each.attrib["prefix"])
    everywhere = {each.attrib["scope"]: attributes(each) for each in root.findall(f"{SPACE}global")}
    for each in root.findall(f"{SPACE}classifier"):
        assert set(each.attrib["keys"].split()) <= set(everywhere[each.attrib["scope"]])
    traces = []
    for trace in root.findall(f"{SPACE}trace"):
        kinds = [child.tag.removeprefix(SPACE) == "event" for child in trace]
        assert kinds == sorted(kinds), "what is said of a run stands before its events"
        of_run = attributes(trace)
        of_events = [attributes(event) for event in trace.findall(f"{SPACE}event")]
        assert of_events
        assert set(everywhere["trace"]) <= set(of_run)
        for each in of_events:
            assert set(everywhere["event"]) <= set(each)
            assert {key.partition(":")[0] for key in each if ":" in key} <= prefixes
        traces.append((of_run, of_events))
    return traces


def attributes(element: ElementTree.Element) -> dict[str, Any]:
    found = {}
    for child in element:
        kind = child.tag.removeprefix(SPACE)
        if kind == "event":
            continue
        assert set(child.attrib) == {"key", "value"}
        assert re.fullmatch(VALUES[kind], child.attrib["value"]), child.attrib
        assert child.attrib["key"] not in found
        found[child.attrib["key"]] = (kind, child.attrib["value"])
    return found

"""Page: sentences, pictures, figures and definitions as one HTML file that runs nothing and asks for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser lets the page do: show itself. No script, whoever wrote it, and nothing from elsewhere."""
ITEM: Final = 4
"""Spaces before an item of a docstring's list."""
_NAMESPACES: Final = re.compile(r' xmlns(:xlink)?="[^"]*"')
"""What an SVG in a file needs, and one in a page does not."""
_STYLE: Final = (
    ":root{color-scheme:light;--line:#e4e7ec;--quiet:#5a6472;--accent:#2f5fd0;--warn:#b45309;--warned:#fff7ed}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#fff;color:#10151d;font:16px/1.55 system-ui,Arial,sans-serif;overflow-wrap:anywhere}"
    "main{max-width:50rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}"
    "h1{font-size:1.75rem;line-height:1.25;font-weight:600;margin:0 0 .25rem}"
    "h2{font-size:1.25rem;line-height:1.3;font-weight:600;margin:3rem 0 .75rem;break-after:avoid}"
    "p{margin:0 0 1rem}.facts,.rest,summary{color:var(--quiet);font-size:.875rem}"
    ".lacks{margin:1rem 0 0;padding:.6rem .9rem;border-left:3px solid var(--warn);background:var(--warned)}"
    ".said{list-style:none;margin:1.5rem 0 0;padding:0}.said li{padding:.7rem 0;break-inside:avoid;border-top:1px solid var(--line)}"
    ".said a{color:var(--accent);font-weight:600;text-decoration:none}.said a:hover{text-decoration:underline}.said p{margin:.15rem 0 0}"
    "figure{margin:0 0 1rem;break-inside:avoid}svg{display:block;max-width:100%;height:auto;overflow:visible}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem;margin:0 0 .5rem}"
    "th{text-align:left;overflow-wrap:normal;font-weight:600;color:var(--quiet);vertical-align:bottom}"
    "th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr{break-inside:avoid}"
    "details{margin:.5rem 0}summary{cursor:pointer}"
    "details p,details ul{font-size:.875rem;margin:.5rem 0}details ul{padding-left:1.2rem}"
    "code{font:.9em ui-monospace,monospace}"
    "@page{margin:16mm}"
    "@media print{main{max-width:none;padding:0}h2{margin-top:2rem}.wide{overflow:visible}summary{list-style:none}"
    "details::details-content{content-visibility:visible;block-size:auto}}"
)


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, and in words."""

    svg: str
    description: str


@dataclass(frozen=True)
class Figures:
    """A table: its heads, which columns are numbers or moments, its rows, and how many of all those there are."""

    heads: Sequence[str]
    numbers: Sequence[bool]
    rows: Sequence[Sequence[str]]
    of: int


@dataclass(frozen=True)
class Part:
    """What is said of one matter, and what it rests on."""

    title: str
    sentences: Sequence[str]
    pictures: Sequence[Picture] = ()
    figures: Sequence[Figures] = ()
    definitions: Sequence[str] = ()
    """Docstrings of questions."""


def page(title: str, facts: str, parts: Sequence[Part], *, lacks: str | None = None) -> str:
    """The whole page. Every text is shown as the text that it is; `lacks` says what its figures are without."""
    lacking = "" if lacks is None else f'<p class="lacks">{escape(lacks)}</p>'
    said = "".join(
        f'<li><a href="#part-{number}">{escape(part.title)}</a>{_said(part)}</li>'
        for number, part in enumerate(parts, 1)
    )
    shown = "".join(_part(number, part) for number, part in enumerate(parts, 1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(title)}</h1><p class="facts">{escape(facts)}</p>{lacking}<ul class="said">{said}</ul>{shown}'
        "</main></body></html>\n"
    )


def in_frame(title: str, html: str) -> str:
    """A page inside another one, such as a notebook, which it cannot touch."""
    return (
        f'<iframe sandbox title="{escape(title)}" srcdoc="{escape(html)}" '
        'style="width:100%;height:720px;border:1px solid #e4e7ec;border-radius:6px"></iframe>'
    )


def _said(part: Part) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in part.sentences)


def _part(number: int, part: Part) -> str:
    pictures = "".join(
        f'<figure role="img" aria-label="{escape(picture.description)}">{_NAMESPACES.sub("", picture.svg, count=2)}</figure>'
        for picture in part.pictures
    )
    figures = "".join(map(_table, part.figures)) or ("" if pictures else _said(part))
    definitions = "".join(map(_definition, part.definitions))
    folded = f"<details><summary>What this means</summary>{definitions}</details>" if definitions else ""
    return f'<section id="part-{number}"><h2>{escape(part.title)}</h2>{pictures}{figures}{folded}</section>'


def _table(figures: Figures) -> str:
    classes = [' class="n"' if is_number else "" for is_number in figures.numbers]
    heads = "".join(f"<th{css}>{escape(head)}</th>" for css, head in zip(classes, figures.heads, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{css}>{escape(cell)}</td>' for css, cell in zip(classes, row, strict=True))}</tr>"
        for row in figures.rows
    )
    rest = figures.of - len(figures.rows)
    more = f'<p class="rest">and {rest:,} more</p>' if rest else ""
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def explained(docstring: str) -> Iterator[tuple[list[str], bool]]:
    """What a question says of itself, but for what a caller passes and what goes wrong: paragraphs, or (True) a list."""
    for heading, lines in _blocks(docstring):
        if heading == "Columns":  # some are only named
            yield [item for item in lines if ":" in item], True
        elif heading is None:
            yield [line for line in lines if not line.startswith("Errors:")], False


def _definition(docstring: str) -> str:
    shown = []
    for lines, is_list in explained(docstring):
        marked = "".join(f"<li>{_marked(line)}</li>" if is_list else f"<p>{_marked(line)}</p>" for line in lines)
        shown.append(f"<ul>{marked}</ul>" if is_list else marked)
    return "".join(shown)


def _blocks(docstring: str) -> Iterator[tuple[str | None, list[str]]]:
    """The blocks of a docstring between empty lines: a heading with its items, or None with paragraphs."""
    for block in docstring.strip().split("\n\n"):
        first, *lines = block.strip("\n").splitlines()
        heading = re.fullmatch(r"(\w+):", first)
        items, depth = ([], 0) if heading else ([first], 0)
        for line in lines:
            indent = len(line) - len(line.lstrip())
            if indent == ITEM or indent < depth:
                items.append(line.strip())
                depth = indent
            else:
                items[-1] += f" {line.strip()}"
        yield heading[1] if heading else None, items


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))

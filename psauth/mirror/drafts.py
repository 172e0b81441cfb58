"""Drafts: the next version of each table while it is written. Only parts that changed are; the others stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType

import pyarrow as pa

from psauth.mirror.columns import Layout
from psauth.mirror.delta import Damaged, DeltaFolder
from psauth.mirror.part_writer import File, PartWriter
from psauth.mirror.publication import Part, Published


class Draft:
    """One table: what stands of its last version, and what is written anew."""

    def __init__(
        self,
        folder: DeltaFolder,
        layout: Layout,
        writer: PartWriter,
        before: Published | None,
        damaged: Collection[str],
    ) -> None:
        self.layout = layout
        self._folder, self._writer, self._before = folder, writer, before
        self._damaged = damaged
        self._parts = {} if before is None else dict(before.parts)
        self._written: set[str] = set()
        self._gone: set[str] = set()
        self.part = ""
        """The part that is written, or was written last."""

    def needs(self, part: str, mark: str | None) -> bool:
        """Whether a part must be written: it is new, was derived from something else, or its file is damaged."""
        known = self._parts.get(part)
        return part not in self._written and (known is None or known.mark != mark or part in self._damaged)

    def begin(self, part: str, mark: str) -> None:
        """The rows that follow are this part, whose old ones they replace."""
        self._writer.begin(part)
        self._written.add(part)
        self.part = part
        self._parts[part] = Part(mark, 0)

    def mark(self, part: str) -> str | None:
        """What a part was derived from; None for one that there is not."""
        return self._parts[part].mark if part in self._parts else None

    def remark(self, mark: str) -> None:
        """What the part that is written is derived from, where that is known only now."""
        self._parts[self.part] = self._parts[self.part]._replace(mark=mark)

    def append(self, rows: pa.Table) -> None:
        """Rows of the part that is written."""
        self._writer.append(rows)
        part = self._parts[self.part]
        self._parts[self.part] = part._replace(rows=part.rows + rows.num_rows)

    def drop(self, part: str) -> None:
        """This part is there no more."""
        self.keep_only(self._parts.keys() - {part})

    def keep_only(self, parts: Collection[str]) -> None:
        """Parts but these are there no more."""
        self._gone |= self._parts.keys() - set(parts)
        self._parts = {part: value for part, value in self._parts.items() if part in parts}

    @property
    def parts(self) -> Collection[str]:
        """The names of the parts that the table will have."""
        return self._parts.keys()

    def finish(self) -> None:
        """Make the last file whole, so that it can be read."""
        self._writer.close()

    def rows(self, part: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one part as the table will have them, piece by piece as they were appended; all columns, or these."""
        for file in self._files(part):
            yield from self._folder.row_groups(self.layout.name, file, columns)

    def commit(self) -> tuple[Published, Sequence[str]]:
        """The table with its new version, if anything in it is new, and the paths of the files that were replaced."""
        self.finish()
        layout = self.layout
        if self._before is not None and not self._written and not self._gone:
            return self._before, ()
        replaced = None if self._before is None else self._written | self._gone
        version, retired = self._folder.commit(layout, self._writer.files, parts=replaced)
        return Published(version, layout, self._parts), retired

    def _files(self, part: str) -> Sequence[File]:
        if part in self._written or self._before is None:
            return [file for file in self._writer.files if file.part == part]
        version = self._folder.version(self.layout.name, self._before.version)
        return [file for file in version.files if file.part == part]


class Drafts:
    """The drafts of a publication, by the name of their table."""

    def __init__(self, folder: DeltaFolder, before: Mapping[str, Published], *, thorough: bool = False) -> None:
        """`before`: the tables that were published last in this folder; `thorough`: look at every byte of them."""
        self._folder, self._before, self._thorough = folder, before, thorough
        self._writers = ExitStack()
        self.by_name: dict[str, Draft] = {}

    def __enter__(self) -> Drafts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writers.__exit__(kind, error, trace)

    def open(self, layout: Layout) -> Draft:
        """The draft of a table. One that is not there as it should be is written as a whole."""
        name = layout.name
        before = self._before.get(name)
        damaged = None if before is None else _damage(self._folder, before, layout, self._thorough)
        writer = self._writers.enter_context(self._folder.writer(layout))
        draft = Draft(self._folder, layout, writer, None if damaged is None else before, damaged or ())
        self.by_name[name] = draft
        return draft


def _damage(folder: DeltaFolder, table: Published, layout: Layout, thorough: bool) -> set[str] | None:
    """The parts of a published table that are missing or damaged; None where it must be written as a whole."""
    try:
        if layout != table.layout:
            return None
        version = folder.version(layout.name, table.version, fitting=layout)
        there = {file.part for file in version.files}
        return folder.damaged(layout.name, version, thorough=thorough) | {p for p in table.parts if p not in there}
    except Damaged:
        return None

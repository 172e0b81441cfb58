"""Delta: the folder or bucket of the published tables. The only module that knows the library that writes them."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from psauth.exceptions import MirrorError
from psauth.mirror.columns import Layout
from psauth.mirror.part_writer import File, PartWriter
from psauth.vault import disk
from psauth.vault.files import device_in, make_folder
from psauth.vault.modes import close_to_others

COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m|↳")
"""What the library's errors have for terminals."""
FOOTER: Final = b"PAR1"
LOG: Final = "_delta_log"
PATIENCE: Final = {"max_retries": "4", "retry_timeout": "30s", "connect_timeout": "10s"}
"""How long object storage is asked again that does not answer; by itself the library does that for three minutes."""
CONFIGURATION: Final = {"delta.logRetentionDuration": "interval 1 days", "delta.checkpointInterval": "20"}
"""A table may be published every few minutes for years: its log is summed up and cut."""


class Damaged(MirrorError):
    """A table cannot be opened; it must be published again."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The published table {name} cannot be opened. Ask again, and it is published again: ps.mirror"
        )


class Version(NamedTuple):
    """One version of a table."""

    number: int
    files: Sequence[File]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)


class DeltaFolder:
    """The tables of one mirror at a path of this machine, or at an address that deltalake knows, like s3://bucket/folder.

    What the address needs (keys, an endpoint) stands in the environment under the names that deltalake has for it (AWS_…).
    """

    def __init__(self, url: str, *, is_private: bool = True) -> None:
        """`is_private`: whether nobody but the owner may read what lies at a path of this machine."""
        self.url = url.rstrip("/")
        self.is_private = is_private
        self.is_local = "://" not in url
        self._options = None if self.is_local else dict(PATIENCE)

    # Reading ----------------------------------------------------------------------------------------------------

    def version(self, name: str, number: int | None = None, *, fitting: Layout | None = None) -> Version:
        """One version of a table, by default its latest.

        Damaged where there is none, or what is there cannot be read. With `fitting`, also where the latest has other columns
        than that, or another number: then it is not what this store published last, but of a store that was there before
        it was restored, or of another machine's.
        """
        table = self._open(name, None if fitting is not None else number)
        if fitting is not None:
            expected = Schema.from_arrow(_with_part(fitting))
            if table.schema() != expected or table.metadata().partition_columns != ([fitting.by] if fitting.by else []):
                raise Damaged(name)
            if table.version() != number:
                raise Damaged(name)
        actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
        by = [f"partition.{column}" for column in table.metadata().partition_columns]
        files = [
            File(a["path"], a["size_bytes"], a["num_records"], str(a[by[0]]) if by and a[by[0]] is not None else "")
            for a in actions
        ]
        return Version(table.version(), sorted(files, key=lambda file: (file.part, file.path)))

    def damaged(self, name: str, version: Version, *, thorough: bool = False) -> set[str]:
        """The parts of which a file is missing, cut off or not whole at its end; `thorough`: or anywhere in it."""
        sizes = {} if self.is_local else self._sizes(name)
        return {
            file.part
            for file in version.files
            if not self._is_whole(name, file, sizes) or (thorough and not self._is_readable(name, file))
        }

    def paths(self, name: str, files: Collection[File]) -> list[str]:
        """The files as a program on this machine opens them."""
        return [f"{self._url(name)}/{file.path}" for file in files]

    def dataset(self, layout: Layout, version: Version) -> ds.Dataset:
        """The files of a version, wherever they are, as Arrow reads them."""
        return ds.FileSystemDataset.from_paths(
            [file.path for file in version.files],
            schema=layout.schema(),
            format=ds.ParquetFileFormat(),
            filesystem=self._files(layout.name),
        )

    def names(self) -> set[str]:
        """The tables that lie there, whoever has published them."""
        with self._explained():
            found = self._files("").get_file_info(pafs.FileSelector("", allow_not_found=True, recursive=True))
        parts = (each.path.strip("/").split("/") for each in found)
        return {path[0] for path in parts if len(path) > 1 and path[1] == LOG}

    def files(self, name: str) -> list[str]:
        """The paths of all files of a table, whichever version they are of."""
        return sorted(self._sizes(name))

    def row_groups(self, name: str, file: File, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of a file as they were appended, piece by piece; all columns, or these. Damaged where they cannot be read."""
        try:
            with self._files(name).open_input_file(file.path) as stream:
                parquet = pq.ParquetFile(stream, page_checksum_verification=True)
                for number in range(parquet.num_row_groups):
                    yield parquet.read_row_group(number, columns)
        except (OSError, pa.ArrowException) as error:
            raise Damaged(name) from error

    # Writing ----------------------------------------------------------------------------------------------------

    @contextmanager
    def writer(self, layout: Layout) -> Iterator[PartWriter]:
        """Writes new files of a table, which no reader sees before they are committed."""
        if self.is_local:
            with self._explained():
                self._make(Path(self.url))
                self._make(Path(self._url(layout.name)))
        writer = PartWriter(layout, partial(self._new_file, layout.name), is_durable=self.is_local)
        try:
            with self._explained():
                yield writer
                writer.close()
        finally:
            writer.abandon()

    def commit(self, layout: Layout, added: Sequence[File], *, parts: Collection[str] | None) -> tuple[int, list[str]]:
        """The version in which these files have taken the place of those of `parts`, and the paths of the latter.

        `parts`: None for the whole table, which is made anew where need be.
        """
        name, by = layout.name, layout.by
        now = int(time.time() * 1000)
        adds = [
            AddAction(f.path, f.size, {by: f.part} if by else {}, now, True, json.dumps({"numRecords": f.rows}))
            for f in added
        ]
        schema = Schema.from_arrow(_with_part(layout))
        with self._explained():
            try:
                before = self.version(name)
            except Damaged:
                if parts is not None:
                    raise
                before = Version(-1, [])
                self._forget(name)
            if parts is None:
                replaced = list(before.files)
                create_table_with_add_actions(
                    self._url(name),
                    schema,
                    adds,
                    mode="overwrite" if before.number >= 0 else "error",
                    partition_by=[by] if by else [],
                    configuration=CONFIGURATION,
                    storage_options=self._options,
                )
            else:
                replaced = [file for file in before.files if file.part in parts]
                removes = [RemoveAction(f.path, True, now, f.size, {by: f.part} if by else {}) for f in replaced]
                self._open(name, None).create_write_transaction(
                    [*adds, *removes], "append", schema, partition_by=[by] if by else []
                )
            number = before.number + 1
            self._make_durable(name, number)
        return number, [file.path for file in replaced]

    def clean(self, name: str, kept: Collection[str]) -> None:
        """Delete every file of a table but these: what was replaced, and what a process left that died while it wrote."""
        with self._explained():
            for path in self._sizes(name).keys() - set(kept):
                self._files(name).delete_file(path)

    def drop(self, name: str) -> None:
        """Delete a table with all it had."""
        with self._explained():
            self._delete(name, "")
            if self.is_local:
                shutil.rmtree(self._url(name), ignore_errors=True)

    def _make(self, folder: Path) -> None:
        make_folder(folder)
        if self.is_private:
            close_to_others(folder)

    # Inside -----------------------------------------------------------------------------------------------------

    def _url(self, name: str) -> str:
        return f"{self.url}/{name}"

    def _open(self, name: str, number: int | None) -> DeltaTable:
        _refuse_fork()
        try:
            return DeltaTable(self._url(name), version=number, storage_options=self._options)
        except TableNotFoundError as error:
            raise Damaged(name) from error
        except (DeltaError, OSError, ValueError) as error:
            if self.is_local:
                raise Damaged(name) from error
            raise self._unreachable(error) from None

    def _new_file(self, name: str, path: str) -> Any:
        """A file of a table that is not there yet, to be written."""
        if not self.is_local:
            return self._files(name).open_output_stream(path)
        place = Path(self._url(name)) / path
        self._make(place.parent)
        return open(place, "xb")

    def _files(self, name: str) -> pafs.FileSystem:
        if self.is_local:
            return pafs.SubTreeFileSystem(self._url(name), pafs.LocalFileSystem())
        _refuse_fork()
        return pafs.PyFileSystem(DeltaStorageHandler(self._url(name), self._options))

    def _sizes(self, name: str) -> dict[str, int]:
        """The files of a table that are there, its log left out, with their bytes."""
        with self._explained():
            found = self._files(name).get_file_info(pafs.FileSelector("", allow_not_found=True, recursive=True))
        return {f.path: f.size for f in found if f.is_file and not f.path.lstrip("/").startswith(LOG)}

    def _is_whole(self, name: str, file: File, sizes: Mapping[str, int]) -> bool:
        if not self.is_local:
            return sizes.get(file.path) == file.size
        try:
            with open(self.paths(name, [file])[0], "rb") as stream:
                stream.seek(-8, os.SEEK_END)
                length, mark = stream.read(4), stream.read(4)
                return stream.tell() == file.size and mark == FOOTER and int.from_bytes(length, "little") < file.size
        except OSError:
            return False

    def _is_readable(self, name: str, file: File) -> bool:
        """Whether every page of a file is as it was written."""
        try:
            with self._files(name).open_input_file(file.path) as stream:
                parquet = pq.ParquetFile(stream, page_checksum_verification=True)
                rows: int = sum(parquet.read_row_group(n).num_rows for n in range(parquet.num_row_groups))
                return rows == file.rows
        except (OSError, pa.ArrowException):
            return False

    def _forget(self, name: str) -> None:
        """Take the log of a damaged table away. Its files stay for those who read them."""
        self._delete(name, LOG)

    def _delete(self, name: str, folder: str) -> None:
        files = self._files(name)
        for found in files.get_file_info(pafs.FileSelector(folder, allow_not_found=True, recursive=True)):
            if found.is_file:
                files.delete_file(found.path)

    def _make_durable(self, name: str, number: int) -> None:
        """See to it that a version is on the disk before anybody is told of it: deltalake does not."""
        if self.is_local:
            log = Path(self._url(name)) / LOG
            for path in (log / f"{number:020}.json", log, log.parent):
                sync(path)

    def _unreachable(self, error: Exception) -> MirrorError:
        cause = " ".join(COLOUR.sub("", str(error)).split())[:300]
        return MirrorError(
            f"The published tables at {self.url} cannot be reached ({cause}). Look whether PSAUTH_PUBLISH is their address, "
            "and whether the environment has what it needs, like AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what the disk or the network says into one sentence."""
        try:
            yield
        except (DeltaError, OSError, pa.ArrowException) as error:
            if not self.is_local:
                raise self._unreachable(error) from None
            odd = device_in(Path(self.url))
            if odd is not None:
                raise MirrorError(
                    f"The tables cannot be published in {self.url}: {odd[0]} is {odd[1]}. Expected a folder there. Set "
                    "PSAUTH_PUBLISH to one (PSAUTH_PUBLISH=/its/path)."
                ) from None
            cause = disk.describe(error) if isinstance(error, OSError) else " ".join(str(error).split())[:300]
            raise MirrorError(
                f"The published tables in {self.url} cannot be written ({cause}). Make room there, or make the folder "
                "writable for you, and publish again: psauth sync. What was published before is unchanged."
            ) from None


def _refuse_fork() -> None:
    """MirrorError in a child that was forked from a process which used deltalake: its threads are not in the child."""
    if _USERS and os.getpid() not in _USERS:
        raise MirrorError(
            "This process was forked from one that has opened the local copy, which the library of its tables does not survive. "
            'Start it anew instead: multiprocessing.get_context("spawn")'
        )
    _USERS.add(os.getpid())


_USERS: Final[set[int]] = set()
"""The process that uses deltalake here; in a forked child, that of its parent."""


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":  # Windows opens no folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _with_part(layout: Layout) -> pa.Schema:
    """The columns of a table: those of its files, and that of its folders."""
    schema = layout.schema()
    return schema.append(pa.field(layout.by, pa.string())) if layout.by else schema

"""Publish: the tables for everybody, derived from the store. Only parts that changed are written, and no request is made."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from psauth.calendars.calendars import Calendars
from psauth.exceptions import MirrorError, SettingsError, VaultError
from psauth.mirror import lock
from psauth.mirror.delta import Damaged, DeltaFolder
from psauth.mirror.derive import CALENDARS, Derivation
from psauth.mirror.drafts import Drafts
from psauth.mirror.pins import pinned
from psauth.mirror.place import Place
from psauth.mirror.publication import Content, Published
from psauth.mirror.records import Publication
from psauth.mirror.store import Store
from psauth.settings import Settings
from psauth.vault.locks import held

PATIENCE: Final = 600.0
"""Seconds to wait for somebody else who publishes: the first time takes minutes, later times seconds."""
GRACE: Final = 3600.0
"""Seconds in which a file that was replaced stays for programs that read it without psauth, and so without a pin."""


def folder_of(settings: Settings, place: Place) -> DeltaFolder:
    """Where the tables of a mirror are published: in a folder of its own at PSAUTH_PUBLISH, by default beside its store.

    SettingsError where a file names another machine that does not hold the credential too: it would get all data.
    """
    source = settings.sources["publish"]
    own = {
        "keyword",
        "environment",
        *(settings.sources[name] for name in ("api_key", "client_id") if getattr(settings, name)),
    }
    if "://" in settings.publish and source not in own and not settings.is_trusting:
        raise SettingsError(
            f"PSAUTH_PUBLISH={settings.publish} comes from {source}, and whoever wrote that file would get a copy of all your "
            "data. Expected it in the environment, or beside the credential. Put it there: "
            f"export PSAUTH_PUBLISH={settings.publish}"
        )
    if not settings.publish:
        return _folder(place.tables, "PSAUTH_MIRROR")
    root = settings.publish
    try:
        if "://" not in root:
            root = Path(root).expanduser().absolute().as_posix()
    except RuntimeError:  # ~somebody, who is nobody
        raise SettingsError(
            f"PSAUTH_PUBLISH is {settings.publish!r}, in a home folder that nobody has. Expected a whole path."
        ) from None
    if "://" not in root:
        return _folder(Path(root) / place.folder.name, "PSAUTH_PUBLISH", is_private=False)
    return DeltaFolder(f"{root.rstrip('/')}/{place.folder.name}", is_private=False)


def _folder(path: Path, setting: str, *, is_private: bool = True) -> DeltaFolder:
    """The folder at a path of this machine; SettingsError for one that the library of the tables would look for elsewhere."""
    if (code := re.search("%[0-9A-Fa-f]{2}", str(path))) is not None:
        raise SettingsError(
            f"The tables cannot be published in {path}: what reads them takes {code[0]} in a path for another character. "
            f"Expected a folder without it. Set one: {setting}=/another/path"
        )
    return DeltaFolder(path.as_posix(), is_private=is_private)


def publish(store: Store, folder: DeltaFolder, *, as_of: datetime | None = None, thorough: bool = False) -> Publication:
    """Publish what the store holds; the publication that readers see from now on.

    store: what the service answered.
    folder: where the tables are.
    as_of: up to when the store is current, which the publication says of itself; by default as the one before said.
    thorough: look for damage in every byte of what was published, instead of at the ends of the files alone.

    Tables and files that are torn, missing or damaged are derived again. MirrorError where the folder cannot be written.
    """
    with _alone(store.place):
        try:
            return _publish(store, folder, as_of=as_of, thorough=thorough)
        except Damaged:  # seen only where a file was read
            if thorough:
                raise
            return _publish(store, folder, as_of=as_of, thorough=True)


def _publish(store: Store, folder: DeltaFolder, *, as_of: datetime | None, thorough: bool) -> Publication:
    with store.snapshot() as snap:
        noted = snap.publication()
        before = None if noted is None else Content.from_json(noted.content)
        if before is not None and before.place != folder.url:
            before = None
        now, gaps = datetime.now(UTC), snap.gaps()
        known = {} if before is None else before.tables
        with Drafts(folder, known, thorough=thorough) as drafts:
            derivation = Derivation(snap, drafts, before)
            derivation.run()
            published = {name: draft.commit() for name, draft in drafts.by_name.items()}
    retired = {} if before is None else {name: dict(paths) for name, paths in before.retired.items()}
    for name, (_, paths) in published.items():
        retired.setdefault(name, {}).update(dict.fromkeys(paths, now.timestamp()))
    for name in known.keys() - published.keys():
        retired.setdefault(name, {}).update(dict.fromkeys(_paths(folder, known[name]), now.timestamp()))
    if before is None:  # what lies there is of a store that was put aside, or of a time when the tables were elsewhere
        for name in folder.names() - published.keys():
            if name.startswith(WIDE):
                retired[name] = dict.fromkeys(folder.files(name), now.timestamp())
    kept = pinned(store.place.folder / READERS)
    expired = {name for name, paths in retired.items() if any(_is_over(at) for at in paths.values())}
    retired = {
        name: {path: at for path, at in paths.items() if not _is_over(at) or path in kept.get(name, ())}
        for name, paths in retired.items()
    }
    content = Content(
        place=folder.url,
        as_of=as_of or (None if noted is None else _as_of(noted.content)),
        whole=derivation.whole,
        tables={name: table for name, (table, _) in published.items()},
        ages=derivation.ages,
        names={month: derivation.names[month] for month in sorted(derivation.names)},
        forms=derivation.forms,
        wide=derivation.wide,
        retired={name: paths for name, paths in retired.items() if paths},
        calendars=derivation.calendars,
        gaps=gaps,
    )
    publication = store.note_publication(content.to_json(), now)
    written = {name for name, (table, _) in published.items() if table != known.get(name)}
    _clean(folder, content, written | expired, kept)
    return publication


def set_calendars(store: Store, folder: DeltaFolder, calendars: Calendars) -> Publication:
    """Count working hours by these calendars from now on, in the facts of all months."""
    store.note(**{CALENDARS: json.dumps(calendars.to_json())})
    return publish(store, folder)


def set_aside(place: Place) -> Path | None:
    """Move the store away while nobody syncs or publishes it; where it lies then, None where there was none.

    Busy where somebody does.
    """
    with lock.held(place, wait=False), _alone(place):
        return place.set_aside(datetime.now(UTC))


def _clean(folder: DeltaFolder, content: Content, names: set[str], kept: Mapping[str, Collection[str]]) -> None:
    """Delete what nobody reads any more, in the tables of these names; `kept`: by table, the files that somebody reads."""
    for name in names:
        files = {*content.retired.get(name, ()), *kept.get(name, ())}
        if name in content.tables:
            files |= set(_paths(folder, content.tables[name]))
        if files or name in content.tables:
            folder.clean(name, files)
        else:
            folder.drop(name)


def _paths(folder: DeltaFolder, table: Published) -> list[str]:
    """The files of a table that was published."""
    try:
        return [file.path for file in folder.version(table.layout.name, table.version).files]
    except Damaged:
        return []


WIDE: Final = ("form_values_", "records_")
"""How the names of the tables of single workflows and data sets begin."""
READERS: Final = "readers"
"""The folder, in that of the mirror, where readers say what they read."""


def _as_of(noted: Mapping[str, Any]) -> datetime | None:
    """Up to when a publication was current, wherever it was and whatever its tables were."""
    as_of = noted.get("as_of")
    return None if as_of is None else datetime.fromisoformat(as_of)


def _is_over(at: float) -> bool:
    return time.time() - at > GRACE


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """One publishes at a time."""
    try:
        with held(place.folder / "publish.lock", timeout=PATIENCE):
            yield
    except VaultError as error:
        raise MirrorError(str(error).replace("beside the vault", f"in {place.folder}")) from None

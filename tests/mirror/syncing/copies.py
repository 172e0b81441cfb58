"""A copy of a sandbox's company, and what its syncs asked for."""

import re
from collections import Counter

from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store
from tests.mirror.syncing.truth import differences

ID = re.compile(r"/[\w-]{22}(?=/|$)")


class Copy:
    """A client of a sandbox and the store of its copy; what its syncs asked for, by path with `{}` for ids."""

    def __init__(self, box, ps, settings=None):
        self.box, self.ps = box, ps
        self.identity = Identity.of(ps.connection)
        self.place = Place.of(settings or box.settings, self.identity)

    def sync(self, **options):
        """The report of a sync."""
        self.before = len(self.box.requests)
        return self.ps.sync(progress=False, **options)

    @property
    def asked(self):
        """What the last sync asked for."""
        paths = (ID.sub("/{}", seen.path.removeprefix("/v1")) for seen in list(self.box.requests)[self.before :])
        return Counter(paths)

    @property
    def asked_runs(self):
        """The runs whose tasks the last sync asked for."""
        seen = list(self.box.requests)[self.before :]
        return {m[1] for each in seen if (m := re.search(r"/workflow-runs/([\w-]{22})/tasks$", each.path))}

    @property
    def store(self):
        return Store.open(self.place, self.identity)

    def differences(self, **options):
        """What is other than in the sandbox."""
        return differences(self.store, self.box.truth(), **options)

    @property
    def runs(self):
        return {run.run_id: run for run in self.store.runs()}

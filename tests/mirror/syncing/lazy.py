"""A writer that is behind, for what happens before anything is written."""


class LazyWriter:
    """A writer that writes only when it is waited for; `most` pages were in its memory at once."""

    def __init__(self, store):
        self.store, self.waiting, self.most = store, [], 0

    def put(self, what, then, *, job=None):
        self.waiting.append((what, then))
        self.most = max(self.most, len(self.waiting))

    def note_page(self, page):
        """No page is kept."""

    def flush(self):
        for what, then in self.waiting:
            what(self.store)
            then()
        self.waiting.clear()

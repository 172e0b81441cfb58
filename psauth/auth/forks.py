"""Forks: what a child process must not share with its parent is made anew in the child, before anything else runs there.

A fork copies the memory and one thread. A lock that another thread of the parent held stays locked in the child for ever,
and a socket is the same socket in both: each would read the other's answers.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something that holds locks, sockets or what was lent to one process alone."""

    def renew_in_child(self) -> None:
        """Replace all of that. Only one thread runs yet, and no old lock may be waited for."""


_owners: WeakSet[Renewable] = WeakSet()


def renew_in_children(owner: Renewable) -> None:
    """Have `owner.renew_in_child()` called in every child process that is forked while `owner` lives."""
    _owners.add(owner)


def _renew_all() -> None:
    for owner in list(_owners):
        owner.renew_in_child()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_renew_all)

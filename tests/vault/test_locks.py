"""The locks of connections: one for each account, over threads and processes."""

import os

import pytest

from tests.vault.parts import in_a_child, posix


def test_the_lock_is_free_again_after_an_error_inside(vault):
    with pytest.raises(RuntimeError), vault.lock("default"):
        raise RuntimeError
    with vault.lock("default", timeout=0.5):
        pass


def test_the_locks_of_two_accounts_do_not_know_each_other(vault):
    with vault.lock("one"), vault.lock("two", timeout=0.5):
        pass


@posix
def test_the_system_frees_the_lock_of_a_process_that_dies(vault):
    def die_holding_it():
        vault.lock("default").__enter__()
        os._exit(9)

    in_a_child(die_holding_it)
    with vault.lock("default", timeout=0.5):
        pass

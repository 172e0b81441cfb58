"""A sync in a process of its own, to be killed: `python -m tests.mirror.syncing.stage`, with settings in the environment.

It publishes nothing, unless its options say so."""

import json
import sys

import psauth
from psauth.mirror import sync


def main(options):
    if not options.pop("publish", False):
        sync.publish = lambda *_, **__: None
    with psauth.connect(interactive=False) as ps:
        sys.stdout.write(ps.sync(progress=False, **options).to_json())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]) if sys.argv[1:] else {})

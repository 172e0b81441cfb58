"""The tracer that interrupts: what it leaves behind is in nobody's way."""

import logging
import threading

from tests.apart import apart
from tests.interrupting import Interrupted


@apart
def test_an_interrupt_within_logging_keeps_no_other_thread_waiting():
    def log():
        logging.getLogger("psauth.tests.interrupting").warning("a line")

    length = len(Interrupted(log).places)
    assert length > 20
    for moment in range(1, length + 1):
        Interrupted(log, moment)
        other = threading.Thread(target=log, daemon=True)
        other.start()
        other.join(30)
        assert not other.is_alive(), moment

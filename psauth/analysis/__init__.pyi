# The questions, each with the module that defines it: __init__.py loads them from there when they are first used.

from .questions.ageing import ageing as ageing
from .questions.bottlenecks import bottlenecks as bottlenecks
from .questions.event_log import event_log as event_log
from .questions.overdue import overdue as overdue
from .questions.process_map import process_map as process_map
from .questions.run_times import run_times as run_times
from .questions.throughput import throughput as throughput
from .questions.variants import variants as variants
from .questions.workload import workload as workload

__all__: list[str]

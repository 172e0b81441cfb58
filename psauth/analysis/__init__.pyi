# The questions, each with the module that defines it: __init__.py loads them from there when they are first used.

from .questions.ageing import ageing as ageing
from .questions.at_risk import at_risk as at_risk
from .questions.before_after import before_after as before_after
from .questions.bottlenecks import bottlenecks as bottlenecks
from .questions.calibration import calibration as calibration
from .questions.drivers import drivers as drivers
from .questions.event_log import event_log as event_log
from .questions.median_run_time import median_run_time as median_run_time
from .questions.overdue import overdue as overdue
from .questions.process_map import process_map as process_map
from .questions.run_times import run_times as run_times
from .questions.survival import survival as survival
from .questions.throughput import throughput as throughput
from .questions.variants import variants as variants
from .questions.workload import workload as workload

__all__: list[str]

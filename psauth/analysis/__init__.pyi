# The questions, each with the module that defines it: __init__.py loads them from there when they are first used.

from .questions.ageing import ageing as ageing
from .questions.approval_loops import approval_loops as approval_loops
from .questions.approvers import approvers as approvers
from .questions.at_risk import at_risk as at_risk
from .questions.before_after import before_after as before_after
from .questions.bottlenecks import bottlenecks as bottlenecks
from .questions.calibration import calibration as calibration
from .questions.conformance import conformance as conformance
from .questions.conforming import conforming as conforming
from .questions.drift import drift as drift
from .questions.drivers import drivers as drivers
from .questions.event_log import event_log as event_log
from .questions.handover import handover as handover
from .questions.load_ahead import load_ahead as load_ahead
from .questions.median_run_time import median_run_time as median_run_time
from .questions.on_time import on_time as on_time
from .questions.overdue import overdue as overdue
from .questions.process_map import process_map as process_map
from .questions.run_times import run_times as run_times
from .questions.sla_fit import sla_fit as sla_fit
from .questions.survival import survival as survival
from .questions.template_health import template_health as template_health
from .questions.throughput import throughput as throughput
from .questions.variants import variants as variants
from .questions.workload import workload as workload

__all__: list[str]

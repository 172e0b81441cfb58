# The questions, each with the module that defines it: __init__.py loads them from there when they are first used.

from .questions.ageing import ageing as ageing
from .questions.approval_loops import approval_loops as approval_loops
from .questions.approvers import approvers as approvers
from .questions.bottlenecks import bottlenecks as bottlenecks
from .questions.conformance import conformance as conformance
from .questions.conforming import conforming as conforming
from .questions.drift import drift as drift
from .questions.event_log import event_log as event_log
from .questions.handover import handover as handover
from .questions.load_ahead import load_ahead as load_ahead
from .questions.on_time import on_time as on_time
from .questions.overdue import overdue as overdue
from .questions.process_map import process_map as process_map
from .questions.run_times import run_times as run_times
from .questions.sla_fit import sla_fit as sla_fit
from .questions.template_health import template_health as template_health
from .questions.throughput import throughput as throughput
from .questions.variants import variants as variants
from .questions.workload import workload as workload

__all__: list[str]

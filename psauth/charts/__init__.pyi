# The public names, each with the module that defines it: __init__.py loads them from there when they are first used.

from .bars import bottlenecks as bottlenecks
from .curve import survival as survival
from .files import save as save
from .flow import cumulative_flow as cumulative_flow
from .histogram import run_times as run_times
from .people import load_ahead as load_ahead
from .people import workload as workload
from .process import process_map as process_map
from .ribbons import variants as variants
from .risk import calibration as calibration
from .scatter import ageing as ageing
from .trend import throughput as throughput
from .week import rhythm as rhythm

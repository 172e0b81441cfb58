"""Analysis: what the records say. Each question is a function that makes an Ibis expression of the tables of the copy, or of frames.

    import psauth.analysis
    times = psauth.analysis.run_times(ps.mirror, workflow="Purchase Request")

`ps.analysis.run_times(workflow="Purchase Request")` is the same as a frame.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

"""How pandas names the dtype of texts: version 3 has one of its own, version 2 keeps them as objects."""

import pandas as pd

TEXT = "str" if int(pd.__version__.split(".")[0]) >= 3 else "object"

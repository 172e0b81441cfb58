"""Frames as the analyses give them, made by hand: with few rows, with usual ones, and with many."""

import numpy as np
import pandas as pd

NOW = "2026-11-26 12:00"
NASTY = [
    "datum['x']",
    "a.b[c]:N",
    "<script>alert(\"x\")</script> & 'quotes'",
    "two\nlines\tand a tab",
    "👩‍💻 Prüfung 🎉",
    "審批合同以及附加文件的最終版本確認流程步驟",
    "x" * 300,
    "A very long name that explains all that somebody has to do before the next one can go on",
    "{{signal}} ${x}",
    "",
    "شكرا",
    "̈ accents ̈ alone ̈",
]
"""Names that people have given to tasks, or that somebody gives who wants to break a picture."""
STEPS = [
    "Run started",
    "Collect details",
    "Create accounts",
    "Order equipment",
    "Arrange permit",
    "Prepare contract",
    "Approve contract",
    "Run finished",
]


def texts(values):
    return pd.Series(list(values), dtype="str")


def names(many, kind="Order equipment"):
    return texts(NASTY[n % len(NASTY)] if kind is NASTY else f"{kind} {n}" for n in range(many))


def run_times(finished, still_open=0, archived=0, *, kind="Onboarding", seed=2):
    random = np.random.default_rng(seed)
    many = finished + still_open + archived
    started = pd.Series(pd.Timestamp(NOW, tz="UTC") - pd.to_timedelta(random.uniform(1, 9000, many), unit="h"))
    hours = np.r_[random.lognormal(4.5, 0.8, finished), np.full(still_open + archived, np.nan)]
    took = started + pd.to_timedelta(np.nan_to_num(hours), unit="h")
    status = ["Completed"] * finished + ["Active"] * still_open + ["Archived"] * archived
    return pd.DataFrame(
        {
            "run_id": [f"run{n}" for n in range(many)],
            "workflow_id": "workflow",
            "name": names(many, kind),
            "status": pd.Categorical(status, ["Active", "Completed", "Archived"]),
            "started": started.astype("datetime64[us, UTC]"),
            "finished": took.where(~np.isnan(hours)).astype("datetime64[us, UTC]"),
            "finished_estimated": False,
            "hours": hours,
            "working_hours": hours / 4.2,
        }
    )


def bottlenecks(many, *, kind="Order equipment", seed=1):
    random = np.random.default_rng(seed)
    median = random.lognormal(2.5, 1.3, many)
    return pd.DataFrame(
        {
            "task_id": [f"task{n}" for n in range(many)],
            "name": names(many, kind),
            "count": random.integers(50, 450, many),
            "median_hours": median,
            "p85_hours": median * 3,
            "share": np.sort(random.dirichlet(np.ones(many)))[::-1],
        }
    )


def throughput(many, *, every="W-MON", arrivals=12, seed=1):
    random = np.random.default_rng(seed)
    period = pd.date_range(end="2026-11-16", periods=many, freq=every, tz="UTC").astype("datetime64[us, UTC]")
    came, went = random.poisson(arrivals, many), random.poisson(arrivals, many)
    left = np.maximum(20 + np.cumsum(came - went), 0)
    return pd.DataFrame({"period": period, "arrivals": came, "departures": went, "in_progress": left})


def survival(many, *, open_share=0.2, seed=3):
    random = np.random.default_rng(seed)
    hours = np.sort(random.lognormal(np.log(120), 0.8, many)).round(1)
    at_risk = np.arange(many, 0, -1)
    ended = random.random(many) > open_share
    share = np.cumprod(np.where(ended, 1 - 1 / at_risk, 1))
    half = 1.96 * share * np.sqrt(np.maximum(1 - share, 0) / at_risk)
    return pd.DataFrame(
        {
            "hours": hours,
            "share_open": share,
            "lower": np.clip(share - half, 0, 1),
            "upper": np.clip(share + half, 0, 1),
            "at_risk": at_risk,
        }
    )


def event_log(many, *, seed=6):
    random = np.random.default_rng(seed)
    hours = random.integers(0, 300, many) * 24 + np.clip(random.normal(13, 3, many), 0, 23.9)
    at = pd.Series(pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(hours, unit="h"))
    return pd.DataFrame(
        {
            "case:concept:name": [f"run{n // 9}" for n in range(many)],
            "concept:name": texts(random.choice(["Run started", "Order equipment", "Approve contract"], many)),
            "time:timestamp": at.astype("datetime64[us, UTC]"),
            "org:resource": "ana@example.com",
            "lifecycle:transition": "complete",
        }
    )


def variants(ways, counts):
    counts = np.array(counts)
    return pd.DataFrame(
        {
            "variant": texts(" → ".join(way) for way in ways),
            "count": counts,
            "share": counts / counts.sum(),
            "median_hours": np.linspace(90, 300, len(counts)),
        }
    )


def many_variants(many, *, tasks=40, seed=2):
    random = np.random.default_rng(seed)
    ways = [[f"Task {n}" for n in range(tasks) if random.random() < 0.8] for _ in range(many)]
    return variants(ways, np.sort(random.integers(1, 60, many))[::-1])


MOVES = [
    (0, 1, 444, 4.0),
    (1, 2, 381, 3.0),
    (1, 3, 58, 19.0),
    (2, 3, 369, 49.0),
    (3, 2, 58, 7.0),
    (3, 4, 107, 118.0),
    (3, 5, 253, 17.0),
    (4, 5, 117, 19.0),
    (5, 6, 408, 26.0),
    (6, 5, 22, 31.0),
    (6, 6, 12, 5.0),
    (2, 5, 4, 90.0),
    (6, 7, 362, 0.01),
]
EITHER_ORDER = [
    (0, 1, 200, 4.0),
    (1, 2, 120, 3.0),
    (1, 3, 78, 19.0),
    (2, 3, 100, 9.0),
    (3, 2, 80, 7.0),
    (2, 4, 90, 20.0),
    (3, 4, 105, 17.0),
    (4, 5, 190, 19.0),
    (3, 5, 9, 9.0),
    (5, 3, 11, 9.0),
    (5, 6, 180, 6.0),
    (6, 7, 170, 2.0),
]


def process_map(moves=MOVES, *, steps=STEPS, ordered=True):
    frame = pd.DataFrame(
        [(steps[a], steps[b], count, median) for a, b, count, median in moves],
        columns=["source", "target", "count", "median_hours"],
    )
    if ordered:
        frame["source_order"] = [float(a) for a, *_ in moves]
        frame["target_order"] = [float(b) for _, b, *_ in moves]
    return frame


def tangle(many, *, steps=80, seed=3):
    """A process in which nearly everything follows nearly everything."""
    random = np.random.default_rng(seed)
    named = ["Run started", *(f"Step {n}" for n in range(steps)), "Run finished"]
    froms = random.integers(0, steps + 1, many)
    pairs = {(int(a), int(np.clip(a + random.integers(-30, 36), 1, steps + 1))) for a in froms}
    moves = [(a, b, int(random.integers(1, 500)), float(random.lognormal(3, 1))) for a, b in sorted(pairs)]
    return process_map(moves, steps=named)


def ageing(many, *, kind="Onboarding", seed=4):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "run_id": [f"run{n}" for n in range(many)],
            "name": names(many, kind),
            "age_hours": np.r_[0.0, random.lognormal(5, 1.8, many - 1)],
            "share_done": np.r_[0.0, random.integers(0, 9, many - 1) / 8],
            "percentile": 50.0,
        }
    )


def workload(many, *, kind="person", seed=7):
    random = np.random.default_rng(seed)
    still_open = random.integers(1, 40, many)
    overdue = random.binomial(still_open, 0.2)
    return pd.DataFrame({"user_email": names(many, kind), "open": still_open, "overdue": overdue})


def load_ahead(many, *, kind="person", seed=8):
    random = np.random.default_rng(seed)
    days = pd.date_range("2026-11-27", periods=14, tz="UTC").astype("datetime64[us, UTC]")
    rows = [(n, day, int(random.poisson(1.6)), np.nan if n == 1 else 1.0 + n % 3) for n in range(many) for day in days]
    frame = pd.DataFrame(rows, columns=["user_email", "day", "due", "usual"])
    return frame.assign(user_email=names(many, kind).reindex(frame["user_email"]).to_numpy())


def calibration(many, *, seed=5):
    random = np.random.default_rng(seed)
    chance = np.sort(random.random(many))
    count = random.integers(3, 90, many)
    return pd.DataFrame({"chance": chance, "share_late": random.binomial(count, chance * 0.85) / count, "count": count})

"""By SQL: each analysis as somebody would write it by hand in DuckDB's SQL, over the same files.

Each function takes a connection that `connect` made and gives a frame. The facts (run_facts, task_facts, edges) are the
published ones where the copy has them, else views that are written by hand too. Kaplan-Meier curves, tests and corrections
are statsmodels' there as here: what is then compared is how the times get out of the tables, and into groups. Only the
chances of at_risk and calibration are computed in SQL as well.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pandas as pd
from copies import NOW, files_of

from psauth.mirror.tables import Mirror

FACTS = {
    "run_facts": """
        WITH done AS (
            SELECT run_id, count(*) AS tasks, count(completed_date) AS done, max(completed_date) AS last
            FROM tasks WHERE NOT coalesce(hidden, false) GROUP BY run_id
        ), robots AS (SELECT DISTINCT user_id FROM users WHERE regexp_matches(email, '^api-.*@process\\.st$')),
        ended AS (
            SELECT r.*, coalesce(d.tasks, 0) AS tasks, coalesce(d.done, 0) AS done, u.user_id IS NOT NULL AS started_by_robot,
                CASE WHEN status = 'Completed' THEN coalesce(d.last, r.updated_date) END AS finished,
                status = 'Completed' AND d.last IS NULL AS finished_estimated
            FROM runs r LEFT JOIN done d USING (run_id) LEFT JOIN robots u ON r.created_by_id = u.user_id
            WHERE gone IS NULL
        )
        SELECT run_id, name, workflow_id, workflow_name, status, created_date AS started, created_by_id AS started_by_id,
            started_by_robot, finished, finished_estimated,
            coalesce(finished, CASE WHEN status = 'Archived' THEN updated_date END) AS "left",
            h(created_date, finished) AS hours, worked(finished) - worked(created_date) AS working_hours, tasks, done,
            due_date, h(due_date, finished) AS late_hours, worked(finished) - worked(due_date) AS late_working_hours
        FROM ended""",
    "task_facts": """
        WITH places AS (SELECT task_id, max(try_cast(order_tree AS BIGINT)) AS place FROM workflow_tasks GROUP BY task_id),
        there AS (
            SELECT t.*, r.workflow_id, r.status AS run_status, r.created_date AS started, p.place
            FROM tasks t JOIN runs r USING (run_id) LEFT JOIN places p ON t.task_id = p.task_id
            WHERE NOT coalesce(hidden, false) AND gone IS NULL
        ), timed AS (
            SELECT *, CASE WHEN completed_date IS NOT NULL THEN greatest(started, coalesce(lag(completed_date) OVER w, started))
                END AS began, CASE WHEN completed_date IS NOT NULL THEN lag(completed_by_email) OVER w END AS before_by_email
            FROM there
            WINDOW w AS (PARTITION BY run_id, completed_date IS NULL ORDER BY completed_date, place, task_id)
        )
        SELECT run_id, task_id, name, workflow_id, workflow_name, run_status, started, task_type,
            coalesce(stopped, false) AS stopped, place, due_date, completed_date, completed_by_email,
            coalesce(regexp_matches(completed_by_email, '^api-.*@process\\.st$'), false) AS by_robot, began, before_by_email,
            CASE WHEN began IS NOT NULL THEN greatest(h(began, completed_date), 0) END AS hours,
            CASE WHEN began IS NOT NULL THEN greatest(worked(completed_date) - worked(began), 0) END AS working_hours
        FROM timed""",
    "edges": """
        WITH events AS (
            SELECT run_id, workflow_id, name AS event, completed_date AS moment, 1 AS rank, place, task_id
            FROM task_facts WHERE completed_date IS NOT NULL
            UNION ALL SELECT run_id, workflow_id, 'Run started', started, 0, NULL, NULL FROM run_facts
            UNION ALL SELECT run_id, workflow_id, 'Run finished', finished, 2, NULL, NULL FROM run_facts
            WHERE finished IS NOT NULL
        ), steps AS (
            SELECT run_id, workflow_id, lag(event) OVER w AS source, event AS target, lag(place) OVER w AS source_place,
                place AS target_place, lag(moment) OVER w AS began, moment AS ended
            FROM events WINDOW w AS (PARTITION BY run_id ORDER BY moment, rank, place, task_id)
        )
        SELECT *, h(began, ended) AS hours FROM steps WHERE source IS NOT NULL""",
}
MACROS = """
    CREATE MACRO h(a, b) AS (epoch_us(b) - epoch_us(a)) / 3.6e9;
    -- Monday to Friday from 9 to 17, UTC, counted from a Monday (1969-12-29).
    CREATE MACRO worked_on(day, micros) AS (
        8 * (5 * (day // 7) + least(day % 7, 5))
        + CASE WHEN day % 7 < 5 THEN greatest(least(micros / 3.6e9 - 9, 8), 0) ELSE 0 END
    );
    CREATE MACRO worked(t) AS worked_on(epoch_us(t) // 86400000000 + 3, epoch_us(t) % 86400000000);
    CREATE MACRO few(x) AS CASE WHEN count(x) < 5 THEN min(x, 5) END;
    CREATE MACRO middle(x, share) AS CASE WHEN count(x) >= 5 THEN quantile_cont(x, share) END;
"""
"""Hours by the clock and by the calendar, and what stands in the place of a median under five."""


def connect(mirror: Mirror) -> duckdb.DuckDBPyConnection:
    """A connection with a view of each table of a copy; `now()` is the moment of the copy."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(MACROS)
    for name in mirror:
        files = files_of(mirror.folder, name)
        if files:
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files}, hive_partitioning = false)")
    for name, text in FACTS.items():
        if name not in mirror:
            connection.execute(f"CREATE VIEW {name} AS {text}")
    connection.execute(f"CREATE MACRO moment() AS TIMESTAMPTZ '{NOW.isoformat()}'")
    return connection


def asked(connection: duckdb.DuckDBPyConnection, text: str, **values: Any) -> pd.DataFrame:
    """The answer as a frame, by way of Arrow, which is the fastest one."""
    frame: pd.DataFrame = connection.sql(text, params=values or None).to_arrow_table().to_pandas()
    return frame


ONE: dict[str, str] = {
    "ageing": """
        WITH finished AS (SELECT workflow_id, hours FROM run_facts WHERE hours IS NOT NULL),
        active AS (
            SELECT run_id, name, workflow_id, workflow_name, h(started, moment()) AS age_hours,
                CASE WHEN tasks > 0 THEN done / tasks END AS share_done
            FROM run_facts WHERE status = 'Active'
        ), bands AS (
            SELECT workflow_id, count(*) AS count, middle(hours, 0.5) AS p50_hours, middle(hours, 0.85) AS p85_hours,
                middle(hours, 0.95) AS p95_hours
            FROM finished GROUP BY workflow_id
        ), ranked AS (
            SELECT workflow_id, hours, count(*) OVER (PARTITION BY workflow_id ORDER BY hours) AS below FROM finished
        )
        SELECT run_id, name, age_hours, share_done,
            CASE WHEN count >= 5 THEN 100.0 * coalesce(below, 0) / count END AS percentile, coalesce(count, 0) AS count,
            p50_hours, p85_hours, p95_hours, a.workflow_id, workflow_name
        FROM active a LEFT JOIN bands b USING (workflow_id)
        ASOF LEFT JOIN ranked r ON a.workflow_id = r.workflow_id AND a.age_hours >= r.hours
        ORDER BY age_hours DESC, run_id""",
    "bottlenecks": """
        WITH by_task AS (
            SELECT workflow_id, task_id, arg_max(name, completed_date) AS name, max(workflow_name) AS workflow_name,
                count(*) AS count, sum(hours) AS hours, middle(hours, 0.5) AS median_hours, middle(hours, 0.85) AS p85_hours,
                middle(working_hours, 0.5) AS median_working_hours, middle(working_hours, 0.85) AS p85_working_hours,
                few(task_facts.hours) AS few_hours
            FROM task_facts WHERE completed_date IS NOT NULL GROUP BY workflow_id, task_id
        )
        SELECT * EXCLUDE hours, hours, hours / nullif(sum(hours) OVER (PARTITION BY workflow_id), 0) AS share
        FROM by_task ORDER BY share DESC, workflow_id, task_id""",
    "handover": """
        WITH done AS (
            SELECT run_id, lower(completed_by_email) AS target, lower(before_by_email) AS source, hours FROM task_facts
        )
        SELECT source, target, count(*) AS count, middle(hours, 0.5) AS median_hours, count(DISTINCT run_id) AS runs,
            few(hours) AS few_hours
        FROM done WHERE source IS NOT NULL AND target IS NOT NULL GROUP BY source, target
        ORDER BY count DESC, source, target""",
    "process_map": """
        SELECT source, target, count(*) AS count, middle(hours, 0.5) AS median_hours, min(source_place) AS source_order,
            min(target_place) AS target_order, few(hours) AS few_hours, workflow_id
        FROM edges GROUP BY source, target, workflow_id ORDER BY count DESC, source, target, workflow_id""",
    "run_times": """
        SELECT run_id, workflow_id, name, status, started, finished, finished_estimated, hours, working_hours,
            CASE WHEN status = 'Active' THEN h(started, moment()) END AS age_hours, workflow_name
        FROM run_facts ORDER BY started, run_id""",
    "throughput": """
        WITH came AS (
            SELECT date_trunc('week', started) AS period, count(*) AS arrivals FROM run_facts
            WHERE started <= moment() GROUP BY 1
        ), went AS (
            SELECT date_trunc('week', "left") AS period, count(*) AS departures FROM run_facts
            WHERE "left" <= moment() GROUP BY 1
        ), every AS (SELECT unnest(generate_series((SELECT min(period) FROM came), moment(), INTERVAL 7 DAY)) AS period)
        SELECT period, coalesce(arrivals, 0) AS arrivals, coalesce(departures, 0) AS departures,
            sum(coalesce(arrivals, 0) - coalesce(departures, 0)) OVER (ORDER BY period)::BIGINT AS in_progress
        FROM every LEFT JOIN came USING (period) LEFT JOIN went USING (period) ORDER BY period""",
    "variants": """
        WITH orders AS (
            SELECT run_id, string_agg(name, ' → ' ORDER BY completed_date, place, task_id) AS variant
            FROM task_facts WHERE completed_date IS NOT NULL GROUP BY run_id
        ), counted AS (
            SELECT coalesce(variant, '(no task was completed)') AS variant, count(*) AS count,
                middle(hours, 0.5) AS median_hours, few(hours) AS few_hours, workflow_id
            FROM run_facts LEFT JOIN orders USING (run_id) WHERE finished IS NOT NULL GROUP BY 1, workflow_id
        ), shared AS (SELECT *, count / sum(count) OVER () AS share FROM counted)
        SELECT variant, count, share, median_hours,
            sum(share) OVER (ORDER BY count DESC, variant, workflow_id ROWS UNBOUNDED PRECEDING) AS covered, few_hours,
            workflow_id
        FROM shared ORDER BY count DESC, variant, workflow_id""",
    "drift": """
        WITH seen AS (
            SELECT run_id, CASE WHEN noun = 'tasks' THEN key ELSE '' END AS task, change_id,
                try_cast(old AS JSON)->>'$' AS old, new->>'$' AS new
            FROM changes WHERE noun IN ('runs', 'tasks') AND "column" = 'dueDate'
        ), first AS (
            SELECT run_id, task, arg_min(coalesce(old, new)::TIMESTAMPTZ, change_id) AS first_due_date, count(old) AS moves
            FROM seen WHERE coalesce(old, new) IS NOT NULL AND old::TIMESTAMPTZ IS DISTINCT FROM new::TIMESTAMPTZ
            GROUP BY ALL HAVING count(old) > 0
        ), every AS (
            SELECT run_id, '' AS task, name, due_date, workflow_id, workflow_name, started_by_id FROM run_facts
            UNION ALL
            SELECT t.run_id, t.task_id, t.name, t.due_date, r.workflow_id, r.workflow_name, r.started_by_id
            FROM tasks t JOIN run_facts r USING (run_id) WHERE NOT coalesce(hidden, false)
        )
        SELECT run_id, nullif(task, '') AS task_id, first_due_date, due_date, h(first_due_date, due_date) AS drift_hours,
            name, moves, workflow_id, workflow_name, email AS owner_email
        FROM every JOIN first USING (run_id, task) LEFT JOIN users ON started_by_id = user_id
        ORDER BY coalesce(abs(drift_hours), 0) DESC, run_id, task""",
    "on_time": """
        WITH changed AS (
            SELECT run_id, CASE WHEN noun = 'tasks' THEN key ELSE '' END AS task, change_id, "column" AS what, seen_before,
                (old->>'$') AS old, (new->>'$') AS new
            FROM changes WHERE noun = 'runs' AND "column" IN ('dueDate', 'status')
                OR noun = 'tasks' AND "column" IN ('dueDate', 'status', 'completedDate')
        ), first AS (
            SELECT run_id, task, arg_min(coalesce(old, new)::TIMESTAMPTZ, change_id) AS first_due_date
            FROM changed WHERE what = 'dueDate' AND coalesce(old, new) IS NOT NULL
                AND old::TIMESTAMPTZ IS DISTINCT FROM new::TIMESTAMPTZ
            GROUP BY ALL
        ), looks AS (SELECT run_id, task, min(seen_before) AS looked_at FROM changed GROUP BY ALL),
        every AS (
            SELECT run_id, task_id AS task, workflow_id, workflow_name, due_date, completed_date AS completed FROM task_facts
            WHERE completed_date IS NOT NULL
            UNION ALL
            SELECT run_id, '', workflow_id, workflow_name, due_date, finished FROM run_facts WHERE finished IS NOT NULL
        ), judged AS (
            SELECT workflow_id, workflow_name, task = '' AS of_run,
                completed <= coalesce(first_due_date, due_date) AS in_time,
                NOT in_time AND coalesce(completed <= due_date, false) AS is_moved,
                first_due_date IS NULL AND NOT coalesce(looked_at < completed, false) AS is_unobserved
            FROM every LEFT JOIN first USING (run_id, task) LEFT JOIN looks USING (run_id, task)
            WHERE coalesce(first_due_date, due_date) IS NOT NULL
        )
        SELECT workflow_id, max(workflow_name) AS workflow_name, count(*) FILTER (NOT of_run) AS count,
            count(*) FILTER (NOT of_run AND in_time) AS on_time, on_time / nullif(count, 0) AS share_on_time,
            count(*) FILTER (NOT of_run AND is_moved) AS moved,
            count(*) FILTER (NOT of_run AND is_unobserved) AS unobserved, count(*) FILTER (of_run) AS runs,
            count(*) FILTER (of_run AND in_time) AS runs_on_time, runs_on_time / nullif(runs, 0) AS share_runs_on_time,
            count(*) FILTER (of_run AND is_moved) AS runs_moved,
            count(*) FILTER (of_run AND is_unobserved) AS runs_unobserved
        FROM judged GROUP BY workflow_id ORDER BY share_on_time, workflow_id""",
    "overdue": """
        WITH people AS (
            SELECT run_id, task_id, string_agg(DISTINCT lower(email), ', ' ORDER BY lower(email)) AS user_emails
            FROM assignments WHERE email IS NOT NULL AND task_id IS NOT NULL GROUP BY ALL
        )
        SELECT run_id, task_id, t.name, t.due_date, h(t.due_date, moment()) AS late_hours,
            worked(moment()) - worked(t.due_date) AS late_working_hours, r.name AS run_name, t.workflow_id, t.workflow_name,
            user_emails
        FROM task_facts t JOIN runs r USING (run_id) LEFT JOIN people USING (run_id, task_id)
        WHERE completed_date IS NULL AND run_status = 'Active' AND NOT stopped AND t.due_date < moment()
        ORDER BY late_hours DESC, run_id, task_id""",
    "workload": """
        WITH people AS (
            SELECT DISTINCT run_id, task_id, lower(email) AS user_email FROM assignments
            WHERE email IS NOT NULL AND task_id IS NOT NULL
        )
        SELECT user_email, count(*) AS open, count(*) FILTER (NOT stopped AND due_date < moment()) AS overdue
        FROM task_facts LEFT JOIN people USING (run_id, task_id)
        WHERE completed_date IS NULL AND run_status = 'Active' GROUP BY user_email ORDER BY open DESC, user_email""",
    "approval_loops": """
        WITH made AS (
            SELECT a.*, r.workflow_id, r.workflow_name, t.name, s.completed_date AS subject_date,
                status_of = 'Rejected' AS is_rejected,
                CASE WHEN s.completed_date <= decided THEN h(s.completed_date, decided) END AS hours
            FROM (
                SELECT approval_id, run_id, approval_task_id AS task_id, subject_task_id, status AS status_of,
                    updated_date AS decided
                FROM approvals WHERE status IN ('Approved', 'Rejected')
            ) a JOIN run_facts r USING (run_id)
            JOIN task_facts t ON a.run_id = t.run_id AND a.task_id = t.task_id
            LEFT JOIN task_facts s ON a.run_id = s.run_id AND a.subject_task_id = s.task_id
        ), seen AS (
            SELECT run_id, key AS approval_id, count(DISTINCT seen_at) AS again,
                bool_or("column" = 'status' AND old = '"Rejected"') AS was_rejected
            FROM changes WHERE noun = 'approvals' AND "column" IN ('status', 'audit.updatedDate') AND old IS NOT NULL
                AND new IS NOT NULL
            GROUP BY ALL
        )
        SELECT task_id, arg_max(name, decided) AS name, count(*) AS decided, count(*) FILTER (is_rejected) AS rejected,
            avg(is_rejected::INT) AS share_rejected, middle(hours, 0.5) AS median_hours, count(hours) AS timed,
            count(*) FILTER (is_rejected OR coalesce(was_rejected, false)) AS once_rejected,
            count(*) FILTER (status_of = 'Approved' AND again > 0) AS repeated, workflow_id,
            max(workflow_name) AS workflow_name, few(hours) AS few_hours
        FROM made LEFT JOIN seen USING (run_id, approval_id) GROUP BY workflow_id, task_id ORDER BY decided DESC, task_id""",
    "approvers": """
        WITH made AS (
            SELECT lower(a.reviewed_by_email) AS user_email, a.status = 'Rejected' AS is_rejected,
                CASE WHEN s.completed_date <= a.updated_date THEN h(s.completed_date, a.updated_date) END AS hours
            FROM approvals a JOIN run_facts r USING (run_id)
            SEMI JOIN task_facts t ON a.run_id = t.run_id AND a.approval_task_id = t.task_id
            LEFT JOIN task_facts s ON a.run_id = s.run_id AND a.subject_task_id = s.task_id
            WHERE a.status IN ('Approved', 'Rejected')
        )
        SELECT user_email, count(*) AS decided, count(*) FILTER (is_rejected) AS rejected,
            rejected / decided AS share_rejected, middle(hours, 0.5) AS median_hours, count(hours) AS timed,
            few(hours) AS few_hours
        FROM made GROUP BY user_email ORDER BY decided DESC, user_email""",
}
"""Analyses that are one statement."""
TEMPLATE = """
    template AS (
        SELECT task_id, any_value(name) AS name, any_value(workflow_id) AS workflow_id,
            max(try_cast(order_tree AS BIGINT)) AS place
        FROM workflow_tasks GROUP BY task_id HAVING place IS NOT NULL
    )"""
ORDERS = (
    TEMPLATE
    + """, steps AS (
        SELECT r.workflow_id, run_id, p.place, completed_date, lag(p.place) OVER w AS before, row_number() OVER w AS number
        FROM task_facts t JOIN template p USING (task_id) JOIN run_facts r USING (run_id)
        WHERE completed_date IS NOT NULL AND r.finished IS NOT NULL
        WINDOW w AS (PARTITION BY run_id ORDER BY completed_date, p.place)
    ), of_runs AS (
        SELECT workflow_id, run_id, list(place ORDER BY number) AS steps, count(*) FILTER (before > place) AS breaks
        FROM steps GROUP BY ALL
    ), orders AS (SELECT workflow_id, steps, breaks, count(*) AS runs FROM of_runs GROUP BY ALL)"""
)
ONE["conformance"] = f"""
    WITH {ORDERS}, pairs AS (
        SELECT workflow_id, a.place AS first, b.place AS second, a.number AS one, b.number AS other, runs
        FROM (SELECT *, unnest([{{'place': p, 'number': i}} FOR p, i IN steps]) AS a FROM orders) q,
            (SELECT unnest([{{'place': p, 'number': i}} FOR p, i IN q.steps])) AS t(b)
        WHERE a.place < b.place
    ), counted AS (
        SELECT workflow_id, first, second, sum(runs)::BIGINT AS count, coalesce(sum(runs) FILTER (one > other), 0)::BIGINT AS broken
        FROM pairs GROUP BY ALL
    ), names AS (SELECT workflow_id, max(workflow_name) AS workflow_name FROM run_facts GROUP BY ALL)
    SELECT e.name AS earlier, l.name AS later, count, broken, broken / count AS share_broken, c.workflow_id, workflow_name,
        e.task_id AS earlier_id, l.task_id AS later_id
    FROM counted c JOIN template e ON c.workflow_id = e.workflow_id AND first = e.place
    JOIN template l ON c.workflow_id = l.workflow_id AND second = l.place JOIN names n ON c.workflow_id = n.workflow_id
    ORDER BY broken DESC, count DESC, workflow_id, first, second"""
ONE["conforming"] = f"""
    WITH {ORDERS}, counted AS (
        SELECT workflow_id, sum(runs)::BIGINT AS runs, coalesce(sum(runs) FILTER (breaks = 0), 0)::BIGINT AS conforming
        FROM orders WHERE len(steps) > 1 GROUP BY ALL
    ), finished AS (
        SELECT workflow_id, max(workflow_name) AS workflow_name, count(*) AS every FROM run_facts
        WHERE finished IS NOT NULL GROUP BY ALL
    )
    SELECT workflow_id, workflow_name, coalesce(runs, 0) AS runs, coalesce(conforming, 0) AS conforming,
        conforming / nullif(runs, 0) AS share, every - coalesce(runs, 0) AS without_order
    FROM finished LEFT JOIN counted USING (workflow_id) ORDER BY share, workflow_id"""
EVENT_LOG = """
    WITH events AS (
        SELECT run_id, name AS event, completed_date AS moment, completed_by_email AS resource, task_id, place, 1 AS rank
        FROM task_facts WHERE completed_date IS NOT NULL
        UNION ALL SELECT run_id, 'Run started', started, NULL, NULL, NULL, 0 FROM run_facts
        UNION ALL SELECT run_id, 'Run finished', finished, NULL, NULL, NULL, 2 FROM run_facts WHERE finished IS NOT NULL
        UNION ALL SELECT run_id, status, updated_date, reviewed_by_email, approval_task_id, NULL, 1 FROM approvals
        WHERE status IN ('Approved', 'Rejected')
    )
    SELECT run_id AS "case:concept:name", event AS "concept:name", moment AS "time:timestamp", resource AS "org:resource",
        'complete' AS "lifecycle:transition", r.name AS "case:name", r.workflow_id AS "case:workflow_id",
        r.workflow_name AS "case:workflow", r.status AS "case:status", task_id
    FROM events JOIN run_facts r USING (run_id) WHERE r.started >= $since::TIMESTAMPTZ
    ORDER BY run_id, moment, rank, place, task_id, event"""
LIFETIMES = """
    SELECT run_id, workflow_id, workflow_name, started, started_by_id,
        greatest(h(started, CASE WHEN "left" <= $at::TIMESTAMPTZ THEN "left" ELSE $at::TIMESTAMPTZ END), 0) AS hours,
        coalesce(finished <= $at::TIMESTAMPTZ, false) AS is_finished
    FROM run_facts WHERE started <= $at::TIMESTAMPTZ"""
CHANCES = f"""
    -- asked: run_id, workflow_id, age, due (hours from the start) and late_already, one row a run that is open at $at.
    lifetimes AS ({LIFETIMES}),
    steps AS (  -- from which age until which a run had so many tasks done
        SELECT run_id, workflow_id, 0 AS done, 0.0 AS since, NULL AS task FROM lifetimes
        UNION ALL
        SELECT run_id, workflow_id, row_number() OVER (PARTITION BY run_id ORDER BY completed_date),
            h(started, completed_date), task_id
        FROM task_facts WHERE completed_date IS NOT NULL
    ), spans AS (
        SELECT s.workflow_id, s.run_id, done, since,
            coalesce(lead(since) OVER (PARTITION BY s.run_id ORDER BY done), 'infinity'::DOUBLE) AS until, hours, is_finished
        FROM steps s JOIN lifetimes USING (run_id)
    ), of_asked AS (
        SELECT a.*, s.done FROM asked a JOIN spans s ON a.run_id = s.run_id AND s.since <= a.age AND a.age < s.until
        WHERE NOT late_already
    ), alike AS (
        SELECT a.run_id, a.due, abs(a.done - s.done) AS apart, s.hours, s.is_finished
        FROM of_asked a JOIN spans s ON a.workflow_id = s.workflow_id AND s.done BETWEEN a.done - 1 AND a.done + 1
            AND s.since <= a.age AND a.age < s.until AND s.hours > a.age
    ), enough AS (
        SELECT run_id, count(*) FILTER (apart = 0 AND is_finished) AS same, count(*) FILTER (is_finished) AS near
        FROM alike GROUP BY run_id
    ), chosen AS (
        SELECT alike.*, CASE WHEN same >= 20 THEN same ELSE near END AS based_on
        FROM alike JOIN enough USING (run_id) WHERE apart <= CASE WHEN same >= 20 THEN 0 ELSE 1 END
    ), ranked AS (
        SELECT run_id, due, hours, based_on, max(hours) OVER (PARTITION BY run_id) AS longest,
            count(*) OVER (PARTITION BY run_id ORDER BY hours DESC) AS at_risk, is_finished
        FROM chosen
    ), ends AS (
        SELECT run_id, due, longest, based_on, hours, max(at_risk) AS at_risk, count(*) FILTER (is_finished) AS ended
        FROM ranked GROUP BY ALL
    ), curves AS (
        SELECT run_id, any_value(based_on) AS based_on,
            coalesce(min(CASE WHEN ended = at_risk THEN 0 ELSE 1 END) FILTER (hours <= due), 1)
                * coalesce(exp(sum(ln(1 - ended / at_risk)) FILTER (hours <= due AND ended < at_risk)), 1) AS chance,
            any_value(due) > any_value(longest) AS is_unseen
        FROM ends GROUP BY run_id
    ), said AS (
        SELECT a.*, CASE WHEN late_already THEN 0 ELSE coalesce(based_on, 0) END AS based_on,
            CASE WHEN late_already THEN 1.0 WHEN based_on >= 20 AND NOT (is_unseen AND chance > 0) THEN chance END AS chance_late,
            CASE WHEN late_already THEN 'already late' WHEN chance_late IS NULL THEN 'not enough history'
                WHEN chance_late >= 2/3 - 1e-9 THEN 'likely late' WHEN chance_late <= 1/3 + 1e-9 THEN 'likely in time'
                ELSE 'open' END AS verdict
        FROM asked a LEFT JOIN curves USING (run_id)
    )"""
AT_RISK = f"""
    WITH asked AS (
        SELECT run_id, name, workflow_id, workflow_name, due_date, h(started, $at::TIMESTAMPTZ) AS age,
            h(started, due_date) AS due, due_date < $at::TIMESTAMPTZ AS late_already,
            CASE WHEN tasks > 0 THEN done / tasks END AS share_done
        FROM run_facts WHERE status = 'Active' AND due_date IS NOT NULL AND started <= $at::TIMESTAMPTZ
    ), {CHANCES}
    SELECT run_id, name, chance_late, verdict, based_on, due_date, due - age AS hours_left, age AS age_hours, share_done,
        workflow_id, workflow_name
    FROM said ORDER BY chance_late DESC NULLS LAST, hours_left, run_id"""
CALIBRATION = f"""
    WITH before AS (
        SELECT run_id, arg_min((old->>'$'), change_id) AS old FROM changes
        WHERE noun = 'runs' AND "column" = 'dueDate' AND seen_at > $at::TIMESTAMPTZ GROUP BY run_id
    ), asked AS (
        SELECT r.run_id, workflow_id, coalesce(b.old::TIMESTAMPTZ, due_date) AS due_then, "left", finished,
            h(started, $at::TIMESTAMPTZ) AS age, h(started, due_then) AS due, false AS late_already
        FROM run_facts r LEFT JOIN before b ON r.run_id = b.run_id
        WHERE started <= $at::TIMESTAMPTZ AND ("left" IS NULL OR "left" > $at::TIMESTAMPTZ) AND due_then >= $at::TIMESTAMPTZ
    ), {CHANCES}, became AS (
        SELECT chance_late, verdict, CASE WHEN "left" <= moment() THEN "left" ELSE moment() END > due_then AS is_late,
            is_late OR coalesce("left" <= moment(), false) AND finished IS NOT NULL AS is_known
        FROM said WHERE verdict IN ('likely late', 'open', 'likely in time')
    )
    SELECT avg(chance_late) FILTER (is_known) AS chance,
        count(*) FILTER (is_known AND is_late) / nullif(count(*) FILTER (is_known), 0) AS share_late,
        count(*) FILTER (is_known) AS count, verdict, count(*) FILTER (NOT is_known) AS unknown
    FROM became GROUP BY verdict ORDER BY chance DESC"""
SLA_FIT = """
    WITH rule AS (FROM rules_read), done AS (
        SELECT run_id, workflow_id, task_id AS task, completed_date AS ended, started FROM task_facts
        WHERE completed_date IS NOT NULL
        UNION ALL SELECT run_id, workflow_id, '', finished, started FROM run_facts WHERE finished IS NOT NULL
    ), seen AS (
        SELECT rule, offset_hours, h(started, ended) AS hours FROM done
        JOIN rule ON done.workflow_id = rule.workflow_id AND task = target WHERE counted_from = 'ChecklistStartDate'
    ), by_rule AS (
        SELECT rule, count(*) AS count, count(*) FILTER (hours <= offset_hours) AS met, middle(hours, 0.85) AS p85_hours,
            middle(hours, 0.5) AS p50_hours, CASE WHEN count >= 5 THEN ceil(quantile_disc(hours, 0.85)) END AS suggested_hours,
            few(hours) AS few_hours
        FROM seen GROUP BY rule
    ), names AS (SELECT workflow_id, max(workflow_name) AS workflow_name FROM runs GROUP BY ALL)
    SELECT nullif(target, '') AS task_id, coalesce(template_name, workflow_name) AS name, offset_hours,
        coalesce(met, 0) AS met, coalesce(count, 0) AS count, p85_hours, suggested_hours, p50_hours,
        met / nullif(count, 0) AS share_met, counted_from, day_handling, workflow_id, workflow_name, few_hours
    FROM rule LEFT JOIN by_rule USING (rule) LEFT JOIN names USING (workflow_id)
    ORDER BY share_met, workflow_id, task_id"""
LOAD_AHEAD = """
    WITH days AS (SELECT unnest(generate_series(today(), today() + INTERVAL 13 DAY, INTERVAL 1 DAY)) AS day),
    people AS (
        SELECT DISTINCT run_id, task_id, lower(email) AS person FROM assignments WHERE email IS NOT NULL AND task_id IS NOT NULL
    ), done AS (FROM task_facts WHERE completed_date IS NOT NULL),
    completed AS (FROM done WHERE run_status = 'Completed' AND place IS NOT NULL),
    steps AS (
        SELECT workflow_id, task_id, max(place) AS place, count(*) AS times, middle(hours, 0.5) AS median_hours
        FROM completed GROUP BY ALL
    ), sizes AS (SELECT workflow_id, count(DISTINCT run_id) AS runs FROM completed GROUP BY ALL),
    timed AS (
        SELECT workflow_id, task_id,
            sum(median_hours) OVER (PARTITION BY workflow_id ORDER BY place, task_id ROWS UNBOUNDED PRECEDING) AS hours_until
        FROM steps JOIN sizes USING (workflow_id) WHERE median_hours IS NOT NULL AND 2 * times >= runs
    ), by_whom AS (
        SELECT task_id, lower(completed_by_email) AS person, count(*) AS times FROM completed
        WHERE completed_by_email IS NOT NULL GROUP BY ALL
    ), most AS (SELECT task_id, arg_min(person, (-times, person)) AS person FROM by_whom GROUP BY ALL),
    load AS (
        SELECT coalesce(person, '') AS person, greatest(date_trunc('day', due_date), today()) AS day,
            due_date < moment() AS is_late, false AS is_scheduled
        FROM task_facts LEFT JOIN people USING (run_id, task_id)
        WHERE completed_date IS NULL AND run_status = 'Active' AND due_date < today() + INTERVAL 14 DAY
        UNION ALL
        SELECT coalesce(person, ''),
            date_trunc('day', next_run_date + to_seconds(round(hours_until * 3600))) AS day, false, true
        FROM schedules JOIN timed USING (workflow_id) LEFT JOIN most USING (task_id)
        WHERE next_run_date >= moment() AND day < today() + INTERVAL 14 DAY
    ), counted AS (
        SELECT person, day, count(*) AS due, count(*) FILTER (is_scheduled) AS scheduled, count(*) FILTER (is_late) AS overdue
        FROM load GROUP BY ALL
    ), usual AS (
        SELECT lower(completed_by_email) AS person, count(*) / 60 AS usual FROM done
        WHERE completed_date > moment() - INTERVAL 60 DAY AND completed_date <= moment() GROUP BY ALL
    )
    SELECT nullif(person, '') AS user_email, day, coalesce(due, 0) AS due,
        CASE WHEN person <> '' THEN coalesce(usual, 0) END AS usual, coalesce(scheduled, 0) AS scheduled,
        coalesce(overdue, 0) AS overdue
    FROM (SELECT DISTINCT person FROM load) CROSS JOIN days LEFT JOIN counted USING (person, day)
    LEFT JOIN usual USING (person) ORDER BY user_email, day"""
TEMPLATE_HEALTH = f"""
    WITH finished AS (SELECT run_id, workflow_id FROM run_facts WHERE finished IS NOT NULL),
    counted AS (
        SELECT workflow_id, task_id, max(name) AS name, count(*) AS every, count(*) FILTER (coalesce(hidden, false)) AS hidden,
            count(*) FILTER (NOT coalesce(hidden, false) AND completed_date IS NULL) AS skipped
        FROM tasks JOIN finished USING (run_id) GROUP BY ALL
    ), filled AS (
        SELECT f.* FROM form_values f JOIN finished USING (run_id)
        ANTI JOIN (FROM tasks WHERE hidden) t ON f.run_id = t.run_id AND f.task_id = t.task_id
    ), fields AS (SELECT field_id, count(*) AS every, count(value) AS filled FROM filled GROUP BY ALL),
    leaves AS (
        SELECT rule_id, workflow_id, rule->>'$.description' AS name,
            rule->>'$.condition.or[0].and[0].widgetId' AS field_id, rule->>'$.condition.or[0].and[0].value' AS wanted,
            unnest(CASE WHEN len(rule->>'$.targets.taskIds[*]') > 0 THEN rule->>'$.targets.taskIds[*]' ELSE [NULL] END) AS target
        FROM rules WHERE kind = 'logic'
    ), asked AS (SELECT DISTINCT rule_id, workflow_id, name, field_id, wanted FROM leaves),
    held AS (
        SELECT rule_id, any_value(workflow_id) AS workflow_id, any_value(name) AS name, count(DISTINCT run_id) AS every,
            bool_or(coalesce(value = wanted, false) OR coalesce(list_contains(items, wanted), false)) AS is_held
        FROM filled JOIN asked USING (field_id) GROUP BY rule_id
    ), shown AS (
        SELECT DISTINCT rule_id FROM tasks t JOIN leaves l ON t.task_id = l.target SEMI JOIN finished USING (run_id)
        WHERE NOT coalesce(hidden, false)
    ), people AS (SELECT DISTINCT run_id, task_id FROM assignments WHERE email IS NOT NULL AND task_id IS NOT NULL),
    nobodys AS (
        SELECT workflow_id, t.task_id, max(name) AS name, count(*) AS every, count(*) FILTER (p.run_id IS NULL) AS nobodys
        FROM task_facts t LEFT JOIN people p ON t.run_id = p.run_id AND t.task_id = p.task_id
        WHERE completed_date IS NULL AND run_status = 'Active' GROUP BY ALL
    ), orders AS ({ONE["conformance"]}),
    found AS (
        SELECT 'task always hidden' AS kind, name, hidden AS count, every AS of, workflow_id, task_id AS id FROM counted
        WHERE hidden = every
        UNION ALL SELECT 'task always skipped', name, skipped, every - hidden, workflow_id, task_id FROM counted
        WHERE every > hidden AND skipped = every - hidden
        UNION ALL SELECT 'field nobody filled in', label, every, every, workflow_id, field_id
        FROM form_fields JOIN fields USING (field_id) WHERE filled = 0 AND field_type NOT IN ('SendRichEmail', 'Snippet')
        UNION ALL SELECT 'rule that never held', name, every, every, workflow_id, rule_id
        FROM held ANTI JOIN shown USING (rule_id) WHERE NOT is_held
        UNION ALL SELECT 'task without assignee', name, nobodys, every, workflow_id, task_id FROM nobodys
        UNION ALL SELECT 'order never followed', earlier || ' → ' || later, broken, count, workflow_id, later_id FROM orders
        WHERE broken = count
    ), names AS (SELECT workflow_id, max(workflow_name) AS workflow_name FROM runs GROUP BY ALL)
    SELECT kind, name, count, of, workflow_id, workflow_name, id FROM found LEFT JOIN names USING (workflow_id)
    WHERE count > 0 AND of >= 5 ORDER BY workflow_id, kind, count DESC, id"""


def event_log(connection: duckdb.DuckDBPyConnection, since: str) -> pd.DataFrame:
    """Of the runs since a day."""
    return asked(connection, EVENT_LOG, since=since)


def at_risk(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The chances in SQL too."""
    return asked(connection, AT_RISK, at=NOW)


def calibration(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The chances in SQL too, without the interval of the share."""
    return asked(connection, CALIBRATION, at=NOW - pd.Timedelta(days=30))


def load_ahead(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Of 14 days."""
    connection.execute("CREATE OR REPLACE MACRO today() AS date_trunc('day', moment())")
    return asked(connection, LOAD_AHEAD)


def sla_fit(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """For rules that count hours from the start of a run, which all of these do."""
    rules = asked(connection, "SELECT workflow_id, task_id, rule FROM rules WHERE kind = 'due_date' ORDER BY ALL")
    names = asked(connection, "SELECT task_id, name FROM workflow_tasks").set_index("task_id")["name"]
    read = pd.DataFrame([json.loads(text)["rule"] for text in rules["rule"]])
    known = pd.DataFrame(
        {
            "rule": range(len(rules)),
            "workflow_id": rules["workflow_id"],
            "target": rules["task_id"].fillna(""),
            "template_name": rules["task_id"].map(names),
            "offset_hours": read["dueOffset"].str.extract(r"PT(\d+)H")[0].astype(float),
            "counted_from": read["sourceType"],
            "day_handling": read["businessDaysHandlingMode"],
        }
    )
    connection.register("rules_read", known)
    return asked(connection, SLA_FIT)


def template_health(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """For rules of one condition, "Is", which all of these are."""
    return asked(connection, TEMPLATE_HEALTH)


def lifetimes(connection: duckdb.DuckDBPyConnection, workflow: str | None = None) -> pd.DataFrame:
    """How long each run was open."""
    text = LIFETIMES + (" AND workflow_name = $workflow" if workflow else "")
    return asked(connection, text, at=NOW, **({"workflow": workflow} if workflow else {}))


def answers(connection: duckdb.DuckDBPyConnection, workflow: str) -> pd.DataFrame:
    """What was answered in the forms of one workflow: run_id, field_id, label, answer."""
    return asked(
        connection,
        """
        WITH filled AS (SELECT f.* FROM form_values f JOIN run_facts r USING (run_id) WHERE r.workflow_name = $workflow),
        quarters AS (
            SELECT field_id, list_distinct(quantile_cont(number, [0.25, 0.5, 0.75])).list_sort() AS bounds FROM filled
            WHERE field_type = 'Number' GROUP BY ALL
        )
        SELECT run_id, field_id, label, value AS answer FROM filled WHERE field_type = 'Select' AND value IS NOT NULL
        UNION ALL SELECT run_id, field_id, label, unnest(items) FROM filled WHERE field_type IN ('MultiChoice', 'MultiSelect')
        UNION ALL SELECT run_id, field_id, label, len(list_filter(bounds, lambda bound: bound < number))::VARCHAR
        FROM filled JOIN quarters USING (field_id) WHERE field_type = 'Number' AND number IS NOT NULL""",
        workflow=workflow,
    )


def users(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Who is who."""
    return asked(connection, "SELECT user_id, email FROM users")


def revisions(connection: duckdb.DuckDBPyConnection, workflow: str) -> pd.DataFrame:
    """When each revision of a workflow came into force, in their order: here, when it was updated last."""
    return asked(
        connection,
        """
        SELECT version, v.updated_date AS in_force_from FROM revisions v JOIN workflows w USING (workflow_id)
        WHERE w.name = $workflow AND status IN ('Finished', 'Revised') ORDER BY in_force_from""",
        workflow=workflow,
    )


def migrated(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Runs that are being migrated, were seen to be, or that saw tasks come or go."""
    return asked(
        connection,
        """
        WITH moved AS (
            SELECT run_id, bool_or(new IS NULL) AS went, count(DISTINCT key) FILTER (old IS NULL) AS came
            FROM changes WHERE noun = 'tasks' AND "column" = '' GROUP BY ALL
        )
        SELECT run_id FROM runs WHERE migration_status IN ('Scheduled', 'Migrating')
        UNION SELECT run_id FROM changes WHERE noun = 'runs' AND "column" = 'migrationStatus'
        UNION SELECT run_id FROM moved WHERE went
            OR came < (SELECT count(*) FROM tasks WHERE tasks.run_id = moved.run_id)""",
    )["run_id"].tolist()

"""What is said to the database in its own words: many rows in one statement."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

STAGE = """
CREATE TEMPORARY TABLE jobs_staged (
  position integer, row integer, given text, ref text, code text, kind text, operation text, reason text
) ON COMMIT DROP
"""
COPY = "COPY jobs_staged FROM STDIN"
DISTINCT = "SELECT operation, array_agg(DISTINCT code) FROM jobs_staged WHERE operation <> '' GROUP BY 1"
# A code is paid once, for its first row. What is beyond `affordable` (null: no limit) is left out.
INSERT_ITEMS = """
WITH known AS (
  SELECT *, min(position) OVER same AS first_position, count(*) OVER same AS rows_of_code
  FROM jobs_staged WHERE operation <> '' WINDOW same AS (PARTITION BY operation, code)
), priced AS (
  SELECT *, CASE WHEN position > first_position OR operation || ' ' || code = ANY (%(free)s) THEN 0
    ELSE (%(prices)s::jsonb ->> operation)::integer END AS price
  FROM known
), summed AS (
  SELECT *, price > 0 AND sum(price) OVER (ORDER BY position) > %(affordable)s AS is_beyond FROM priced
)
INSERT INTO jobs_jobitem
  (job_id, position, row, given, ref, code, kind, operation, copy_of, copies, price, outcome, reason)
SELECT %(job)s, position, row, given, ref, code, kind, operation, nullif(first_position, position),
  CASE WHEN position = first_position THEN rows_of_code ELSE 1 END, price,
  CASE WHEN is_beyond THEN 'unaffordable' ELSE '' END, CASE WHEN is_beyond THEN %(unaffordable)s ELSE '' END
FROM summed
UNION ALL
SELECT %(job)s, position, row, given, ref, code, kind, '', NULL, 1, 0, 'invalid', reason
FROM jobs_staged WHERE operation = ''
ORDER BY 2
"""
# What the rows come to: credits of what is to be answered, rows by outcome ('' is to be answered).
SUMMED = """
SELECT outcome, sum(copies), sum(price) FROM jobs_jobitem
WHERE job_id = %(job)s AND copy_of IS NULL GROUP BY outcome
"""
INSERT_CHUNKS = """
INSERT INTO jobs_jobchunk
  (job_id, number, operation, first, last, rows, price, status, token, failures, counts, credits)
SELECT %(job)s, %(after)s + row_number() OVER (ORDER BY min(position)), operation, min(position),
  max(position), sum(copies), sum(price), 'pending', 0, 0, '{}', 0
FROM (
  SELECT operation, position, copies, price,
    (row_number() OVER (PARTITION BY operation ORDER BY position) - 1)
      / (%(sizes)s::jsonb ->> operation)::integer AS part
  FROM jobs_jobitem WHERE job_id = %(job)s AND outcome = '' AND copy_of IS NULL
) AS piece
GROUP BY operation, part
"""
NEWEST_CHUNK = "SELECT coalesce(max(number), 0) FROM jobs_jobchunk WHERE job_id = %(job)s"
AFFORDABLE = """
SELECT coalesce(sum(copies), 0) FROM (
  SELECT copies, sum(price) OVER (ORDER BY position) AS due FROM jobs_jobitem
  WHERE job_id = %(job)s AND copy_of IS NULL AND outcome = ''
) AS item WHERE due <= %(available)s
"""
CLAIMABLE = """(
  chunk.status = 'pending' AND coalesce(chunk.not_before, '-infinity') <= statement_timestamp()
  OR chunk.status = 'running' AND chunk.lease_until <= statement_timestamp()
)"""
# Which jobs have something to do, the one whose turn it is first: that of the account for which the fewest
# work, of several the one that was served the longest ago; within an account by priority, then by age. Jobs
# of an account that is disabled wait.
NEXT_JOBS = """
SELECT job.id FROM jobs_job AS job
JOIN accounts_user AS account ON account.id = job.user_id AND account.is_active
LEFT JOIN (
  SELECT owner.user_id, count(*) AS running FROM jobs_jobchunk AS chunk
  JOIN jobs_job AS owner ON owner.id = chunk.job_id
  WHERE chunk.status = 'running' AND chunk.lease_until > statement_timestamp() GROUP BY 1
) AS busy ON busy.user_id = job.user_id
LEFT JOIN (
  SELECT user_id, max(claimed_at) AS claimed_at FROM jobs_job
  WHERE claimed_at > statement_timestamp() - interval '10 minutes' GROUP BY 1
) AS served ON served.user_id = job.user_id
WHERE job.ended_at IS NULL AND job.status IN ('pending', 'running')
  AND job.expires_at > statement_timestamp()
  AND EXISTS (
    SELECT FROM jobs_jobchunk AS chunk
    WHERE chunk.job_id = job.id AND chunk.operation = %(operation)s AND {claimable}
  )
  AND NOT EXISTS (
    SELECT FROM jobs_pause WHERE until > statement_timestamp()
      AND subject = %(operation)s || ':' || (job.options ->> 'marketplace')
  )
ORDER BY coalesce(busy.running, 0), served.claimed_at NULLS FIRST, job.priority DESC, job.id
LIMIT 8
"""
CLAIM = """
UPDATE jobs_jobchunk SET status = 'running', token = token + 1, not_before = NULL,
  lease_until = statement_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = (
  SELECT id FROM jobs_jobchunk AS chunk
  WHERE job_id = %(job)s AND operation = %(operation)s AND {claimable}
  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, token, first, last, failures
"""
# How many workers there is something to do for, beside those who are at it.
WAITING = """
SELECT chunk.operation, count(*) FROM jobs_jobchunk AS chunk JOIN jobs_job AS job ON job.id = chunk.job_id
JOIN accounts_user AS account ON account.id = job.user_id AND account.is_active
WHERE job.ended_at IS NULL AND job.status IN ('pending', 'running') AND {claimable}
GROUP BY 1
"""
NEXT_JOBS, CLAIM, WAITING = (sql.replace("{claimable}", CLAIMABLE) for sql in (NEXT_JOBS, CLAIM, WAITING))
SETTLE_ITEMS = """
WITH settled AS (
  UPDATE jobs_jobitem AS item SET outcome = result.outcome, reason = result.reason, credits = result.credits,
    asin = result.asin, confidence = result.confidence, providers = result.providers,
    age_seconds = result.age_seconds, data = coalesce(nullif(result.data::text, 'null'), '')
  FROM ROWS FROM (
    unnest(%(ids)s::bigint[]), unnest(%(outcomes)s::text[]), unnest(%(reasons)s::text[]),
    unnest(%(credits)s::integer[]), unnest(%(asins)s::text[]), unnest(%(confidences)s::float[]),
    unnest(%(providers)s::text[]), unnest(%(ages)s::integer[]), json_array_elements(%(data)s::json)
  ) AS result (id, outcome, reason, credits, asin, confidence, providers, age_seconds, data)
  WHERE item.id = result.id AND item.outcome = ''
  RETURNING item.outcome, item.copies, item.price
)
SELECT outcome, sum(copies), sum(price) FROM settled GROUP BY outcome
"""
PAUSE = """
INSERT INTO jobs_pause (subject, until)
VALUES (%(subject)s, statement_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (subject) DO UPDATE SET until = excluded.until
"""
# Rows of a job that has ended and that another try may answer; the outcomes that its chunks have counted.
REOPEN = """
UPDATE jobs_jobitem SET outcome = '', reason = ''
WHERE job_id = %(job)s AND copy_of IS NULL AND outcome = ANY (%(outcomes)s)
"""
UNCOUNT = """
UPDATE jobs_jobchunk SET counts = counts - %(outcomes)s::text[]
WHERE job_id = %(job)s AND counts ?| %(outcomes)s::text[]
"""
# How far jobs have come. What was settled in the last so many seconds says how fast.
COUNTED = """
SELECT job_id, key, sum(value::integer) FROM jobs_jobchunk, jsonb_each_text(counts)
WHERE job_id = ANY (%(jobs)s) GROUP BY 1, 2
"""
PACE = """
SELECT job_id,
  coalesce(sum(rows - (SELECT coalesce(sum(value::integer), 0) FROM jsonb_each_text(counts))) FILTER (
    WHERE status = 'running' AND lease_until > statement_timestamp()), 0),
  coalesce(sum(rows) FILTER (
    WHERE status = 'done' AND settled_at > statement_timestamp() - make_interval(secs => %(seconds)s)), 0)
FROM jobs_jobchunk WHERE job_id = ANY (%(jobs)s) GROUP BY 1
"""
# A page of results. A row that repeats a code has the answer of the first one with it, for nothing.
RESULTS = """
SELECT item.position, item.row, item.ref, item.given, item.code, item.kind, source.operation,
  source.outcome, source.reason, CASE WHEN item.copy_of IS NULL THEN item.credits ELSE 0 END,
  source.position, source.row, source.asin, source.confidence, source.providers, source.age_seconds,
  source.data
FROM jobs_jobitem AS item
JOIN jobs_jobitem AS source
  ON source.job_id = item.job_id AND source.position = coalesce(item.copy_of, item.position)
WHERE item.job_id = %(job)s AND item.position > %(after)s {which}
ORDER BY item.position LIMIT %(limit)s
"""


def run(sql: str, **values: Any) -> int:
    """Run a statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement, and return what it gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def counted(sql: str, **values: Any) -> Mapping[str, tuple[int, int]]:
    """Return rows and credits by outcome."""
    return {outcome: (int(copies), int(price or 0)) for outcome, copies, price in rows(sql, **values)}

"""A job on its way in: its rows are recognised, put aside, priced, and kept with the credits set aside.

Reading a file holds no database connection, and no more than a row at a time. What comes in is one
transaction: the job, its rows, its chunks and its hold are there together, or nothing is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.authentication import Credential
from accounts.models import User
from api.bulk import Options
from api.renderers import dumps
from credits.caps import spendable
from credits.errors import CapReached, InsufficientCredits, MaxCreditsExceeded
from credits.services import hold
from jobs import ids, statements
from jobs.announcing import announce_end
from jobs.errors import JobTooLarge
from jobs.models import Job
from jobs.operations import AnyOperation, for_kind, operation, operations, options_for
from jobs.parsing import Line, Parsed
from providers.recognition import recognise
from providers.sentences import sentence

HELD = 256 * 1024  # bytes kept in memory before a file is used
PIECE = 64 * 1024  # bytes sent to the database at once
HOLD_LONGER = 3600  # seconds that a hold outlives its job, which ends it in good order
TRIES = 3  # at a hold for what is affordable, while others spend
ESCAPED = str.maketrans({"\\": r"\\", "\t": " ", "\n": " ", "\r": " ", "\0": " "})
UNAFFORDABLE = "The credits did not reach for this row: buy more, and try the failed rows again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted of the rows, and what may be spent. `max_credits` None: as much as it costs."""

    operation: str
    options: Options
    name: str = ""
    priority: int = Job.Priority.NORMAL
    is_partial: bool = False  # what the credits do not reach for is left out, instead of refusing all
    max_credits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a job would cost at most. `rows` by outcome; those under "" are to be answered."""

    rows: Mapping[str, int]
    credits: int
    source: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True)
class Sent:
    """An order with its rows, and who sent it. `id` is the job's."""

    parsed: Parsed
    order: Order
    user: User
    credential: Credential
    id: UUID


@dataclass(slots=True)
class Staged:
    """Rows put aside in the form that COPY reads, and what was seen of them."""

    file: IO[bytes]
    count: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def submit(parsed: Parsed, order: Order, *, user: User, credential: Credential, id: UUID) -> Job:
    """Keep a job with its rows, and set its credits aside; the job of that id, if it was kept before.

    Raises InputRefused, JobTooLarge, CapReached, MaxCreditsExceeded; then nothing is kept.
    """
    known = Job.objects.for_user(user).filter(pk=id).first()
    if known is not None:
        return cast(Job, known)
    sent = Sent(parsed, order, user, credential, id)
    with staged(sent) as rows:
        return _kept(rows, sent, TRIES if order.is_partial else 1)


def _kept(rows: Staged, sent: Sent, tries: int) -> Job:
    """Keep the job; while others spend what it would hold, what is affordable is found out anew."""
    try:
        with transaction.atomic():
            return _keep(rows, sent)
    except (InsufficientCredits, CapReached):
        if tries == 1:
            raise
    rows.file.seek(0)
    return _kept(rows, sent, tries - 1)


def quote(parsed: Parsed, order: Order, *, user: User, credential: Credential, id: UUID) -> Quote:
    """Return what the job would cost at most, to the credit, and keep nothing. Raises InputRefused."""
    sent = Sent(parsed, order, user, credential, id)
    with staged(sent) as rows, transaction.atomic():
        job = _job(rows, sent)
        summed = _enter(rows, job, affordable=None)
        transaction.set_rollback(True)
    return Quote(
        rows={outcome: count for outcome, (count, _) in summed.items()},
        credits=summed.get("", (0, 0))[1],
        source=job.source,
    )


@contextmanager
def staged(sent: Sent) -> Iterator[Staged]:
    """Give the rows, each with what its code is and who answers it. Raises InputRefused."""
    with cast(IO[bytes], SpooledTemporaryFile(max_size=HELD)) as file:
        found = Staged(file)
        for position, line in enumerate(sent.parsed.lines, start=1):
            file.write(_staged(position, line, sent, found))
            found.count = position
        file.seek(0)
        yield found


def _staged(position: int, line: Line, sent: Sent, found: Staged) -> bytes:
    code = recognise(line.given)
    answers = for_kind(code.kind, sent.order.operation)
    reason = "" if answers else sentence(code)
    if answers and not _may(sent.credential, answers):
        reason = f"{sentence(code)} This API key lacks the scope {answers.scope} for that."
        answers = None
    found.kinds[str(code.kind)] += 1
    fields = (
        str(position),
        str(line.number),
        line.given.translate(ESCAPED),
        line.ref.translate(ESCAPED),
        code.normal if answers else "",
        str(code.kind),
        answers.name if answers else "",
        reason.translate(ESCAPED),
    )
    return ("\t".join(fields) + "\n").encode(errors="replace")


def _may(credential: Credential, answers: AnyOperation) -> bool:
    return credential.scopes is None or answers.scope in credential.scopes


def _keep(rows: Staged, sent: Sent) -> Job:
    """Write the job down, within a transaction. The wallet is locked at its end, and not for long."""
    job, order = _job(rows, sent), sent.order
    affordable = spendable(sent.user, sent.credential.cap) if order.is_partial else None
    summed = _enter(rows, job, affordable=affordable)
    credits = summed.get("", (0, 0))[1]
    if order.max_credits is not None and credits > order.max_credits:
        raise MaxCreditsExceeded(credits, order.max_credits)
    available = spendable(sent.user, None)
    if credits > available:
        raise JobTooLarge(credits, available, _affordable_rows(job, available))
    job.counts = {outcome: count for outcome, (count, _) in summed.items() if outcome}
    cut(job)
    set_aside(job, credits)
    job.quoted = credits
    if "" not in summed:
        job.status, job.ended_at = Job.Status.DONE, timezone.now()
        announce_end(job)
    job.save()
    return job


def _job(rows: Staged, sent: Sent) -> Job:
    order, credential = sent.order, sent.credential
    job = Job(
        id=sent.id,
        user=sent.user,
        operation=order.operation,
        options=dict(order.options),
        name=order.name,
        priority=order.priority,
        source=_source(sent.parsed, rows),
        key=credential.id if credential.kind == "key" else None,
        cap=credential.cap,
        rows=rows.count,
        expires_at=deadline_from_now(),
    )
    job.save(force_insert=True)
    return job


def deadline_from_now() -> datetime:
    """Return when a job that begins now ends, answered or not."""
    return timezone.now() + timedelta(seconds=settings.BULK["seconds"])


def _source(parsed: Parsed, rows: Staged) -> dict[str, Any]:
    """Return how the input was read, for whoever wonders about a row."""
    return {
        "format": parsed.format,
        "encoding": parsed.encoding,
        "delimiter": parsed.delimiter,
        "column": parsed.column,
        "ref_column": parsed.ref_column,
        "kinds": dict(rows.kinds),
        "warnings": parsed.warnings[:20],
    }


def _enter(rows: Staged, job: Job, *, affordable: int | None) -> Mapping[str, tuple[int, int]]:
    """Bring the rows into the database, priced; what they come to, by outcome."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(statements.STAGE)
        with cursor.copy(statements.COPY) as copy:
            while piece := rows.file.read(PIECE):
                copy.write(piece)
    statements.run(
        statements.INSERT_ITEMS,
        job=job.pk,
        free=_free(job),
        prices=dumps({name: _of(job, name)[0].price(_of(job, name)[1]) for name in operations()}).decode(),
        affordable=affordable,
        unaffordable=UNAFFORDABLE,
    )
    statements.run("DROP TABLE jobs_staged")
    return statements.counted(statements.SUMMED, job=job.pk)


def _of(job: Job, name: str) -> tuple[AnyOperation, Options]:
    return operation(name), options_for(name, job=job.operation, options=job.options)


def _free(job: Job) -> list[str]:
    """Return which codes will cost nothing, each with the operation that answers it."""
    free: list[str] = []
    for name, codes in statements.rows(statements.DISTINCT):
        answers, options = _of(job, name)
        free += [f"{name} {code}" for code in answers.free(codes, user=job.user, options=options)]
    return free


def _affordable_rows(job: Job, available: int) -> int:
    return int(statements.rows(statements.AFFORDABLE, job=job.pk, available=available)[0][0])


def cut(job: Job) -> None:
    """Cut what is to be answered into chunks of the size that the upstreams take at once."""
    most = settings.BULK["batch"]
    sizes = {name: min(most, _of(job, name)[0].batch(_of(job, name)[1])) for name in operations()}
    after = statements.rows(statements.NEWEST_CHUNK, job=job.pk)[0][0]
    statements.run(statements.INSERT_CHUNKS, job=job.pk, after=after, sizes=dumps(sizes).decode())


def set_aside(job: Job, credits: int) -> None:
    """Hold credits for a job, in this transaction. Raises InsufficientCredits, CapReached."""
    job.hold = None
    if not credits:
        return
    made = hold(
        job.user,
        credits,
        operation=job.operation,
        key=f"{ids.shown(job.pk)}_{job.round}_{job.held}",
        reference=ids.shown(job.pk),
        cap=job.cap,
        seconds=settings.BULK["seconds"] + HOLD_LONGER,
    )
    job.hold = made.hold
    job.held += credits

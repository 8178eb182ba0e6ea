"""Reports ordered, waited for and downloaded: Amazon on one server, its storage on another."""

import gzip
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from providers.attempts import Attempt
from providers.deadline import within
from providers.errors import ErrorClass, ProviderError
from providers.http import Patience
from providers.marketplaces import MARKETPLACES
from providers.spapi import documents, reports
from providers.spapi.layouts import Refused, Row
from providers.spapi.reports import Terms
from providers.spapi.session import RATES, Session
from providers.spapi.tests.amazon import REFUSED, SECRETS, Amazon, amazon
from providers.tests import loopback
from providers.tests.clocks import Stopped
from providers.tests.loopback import Behaviour, Handler, Query, Server, says

JP = MARKETPLACES["JP"]
ALL = "GET_FBA_MYI_ALL_INVENTORY_DATA"
SIGNED = (
    "/reports/a%2Fb/1.txt?X-Amz-Signature=s1gn4tur3&X-Amz-Credential=AK%2F20261101&X-Amz-Token=a%2Bb%2F%3D"
)
HEADER = "sku\tfnsku\tasin\tproduct-name\tafn-listing-exists\tafn-total-quantity"
TEXT = f"{HEADER}\r\nSTRAP-4\tX001PALLET\tB0PALLET01\t荷締めベルト\tYes\t7\r\nBAD\t\tB0PALLET02\t\tNo\t0\r\n"
PLAIN = TEXT.encode("cp932")
STRAP = Row(
    line=2, sku="STRAP-4", fnsku="X001PALLET", asin="B0PALLET01", title="荷締めベルト", is_archived=False
)


class Desk:
    """Makes a report in so many steps: the states it tells, one after the other; the last stays."""

    def __init__(self, *states: str, document: dict[str, Any]) -> None:
        self.states = list(states)
        self.document = document
        self._guard = threading.Lock()

    def __call__(self, handler: Handler, query: Query) -> None:
        request = handler.request_now
        if request.method == "POST":
            says({"reportId": "ID/323"}, status=202)(handler, query)
        elif "/documents/" in request.path:
            says({"reportDocumentId": "amzn1.spdoc.1"} | self.document)(handler, query)
        else:
            with self._guard:
                state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            made = {"reportDocumentId": "amzn1/doc?1"} if state == "DONE" else {}
            says({"reportId": "ID/323", "processingStatus": state} | made)(handler, query)


@pytest.fixture
def stopped() -> Stopped:
    return Stopped()


@pytest.fixture
def storage() -> Iterator[Server]:
    with loopback.serving(says(PLAIN, Content_Type="text/plain;charset=Shift_JIS")) as running:
        yield running


@pytest.fixture
def desk(storage: Server) -> Desk:
    return Desk("DONE", document={"url": storage.url + SIGNED})


@pytest.fixture
def upstream(desk: Desk) -> Iterator[Amazon]:
    with amazon(desk) as running:
        yield running


@pytest.fixture
def session(upstream: Amazon, stopped: Stopped) -> Session:
    patient = Patience(connect=1, read=5, total=10, wait_initial=0.001, wait_max=0.05)
    return Session(**upstream.options | {"patience": patient, "region": "FE"}, clock=stopped.clock)


@pytest.fixture
def terms(storage: Server, stopped: Stopped) -> Terms:
    return Terms(also_from=storage.url, clock=stopped.clock)


def rows(session: Session, terms: Terms) -> list[Row | Refused]:
    return list(reports.import_report(session, JP, ALL, terms=terms))


def failure(session: Session, terms: Terms) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        rows(session, terms)
    return caught.value


def looked(upstream: Amazon) -> int:
    return sum(call.path == "/reports/2021-06-30/reports/ID%2F323" for call in upstream.calls)


def test_imports_a_report(session: Session, terms: Terms) -> None:
    good, refused = rows(session, terms)
    assert good == STRAP
    assert isinstance(refused, Refused)
    assert refused.line == 3


def test_orders_waits_finds_and_downloads(
    session: Session, upstream: Amazon, storage: Server, terms: Terms
) -> None:
    rows(session, terms)
    order, look, find = upstream.calls
    assert (order.method, order.path) == ("POST", "/reports/2021-06-30/reports")
    assert order.json == {"reportType": ALL, "marketplaceIds": [JP.id]}
    assert (look.method, look.path) == ("GET", "/reports/2021-06-30/reports/ID%2F323")
    assert (find.method, find.path) == ("GET", "/reports/2021-06-30/documents/amzn1%2Fdoc%3F1")
    [download] = storage.requests
    assert (download.method, download.path) == ("GET", "/reports/a%2Fb/1.txt")
    assert download.query == {
        "X-Amz-Signature": "s1gn4tur3", "X-Amz-Credential": "AK/20261101", "X-Amz-Token": "a+b/=",
    }  # fmt: skip
    assert {reports.CREATE, reports.LOOK, reports.FIND} <= set(RATES)


def test_no_token_goes_to_the_storage(session: Session, storage: Server, terms: Terms) -> None:
    rows(session, terms)
    sent = str(storage.requests[0].headers).lower()
    assert "atza" not in sent
    assert "x-amz" not in sent


def test_only_what_can_be_read_is_ordered(session: Session, upstream: Amazon, terms: Terms) -> None:
    with pytest.raises(ValueError, match="GET_ORDERS is none of the reports"):
        reports.import_report(session, JP, "GET_ORDERS", terms=terms)
    assert not upstream.server.requests


def test_looks_again_after_growing_pauses(
    session: Session, upstream: Amazon, desk: Desk, stopped: Stopped, terms: Terms
) -> None:
    desk.states = ["IN_QUEUE"] * 3 + ["IN_PROGRESS"] * 7 + ["DONE"]
    start = stopped.now
    assert rows(session, terms)[0] == STRAP
    assert looked(upstream) == 11
    pauses = [min(5 * 1.5**number, 60) for number in range(10)]
    assert stopped.now - start == pytest.approx(sum(pauses))


def test_a_report_that_takes_too_long_is_not_waited_for(
    session: Session, upstream: Amazon, desk: Desk, stopped: Stopped, terms: Terms
) -> None:
    desk.states = ["IN_PROGRESS"]
    start = stopped.now
    error = failure(session, terms)
    assert (error.reason, error.retryable) == (ErrorClass.TIMEOUT, True)
    assert 1700 < stopped.now - start < 1800
    assert looked(upstream) < 40


def test_a_deadline_of_the_caller_ends_the_wait_earlier(
    session: Session, desk: Desk, stopped: Stopped, terms: Terms
) -> None:
    desk.states = ["IN_PROGRESS"]
    start = stopped.now
    with within(60):
        assert failure(session, terms).reason is ErrorClass.TIMEOUT
    assert 20 < stopped.now - start < 60


def test_a_cancelled_report_has_no_data(
    session: Session, upstream: Amazon, desk: Desk, storage: Server, terms: Terms
) -> None:
    desk.states = ["IN_QUEUE", "CANCELLED"]
    assert rows(session, terms) == []
    assert not storage.requests


def test_a_report_that_amazon_gives_up_is_a_failure(session: Session, desk: Desk, terms: Terms) -> None:
    desk.states = ["IN_PROGRESS", "FATAL"]
    error = failure(session, terms)
    assert (error.reason, error.retryable) == (ErrorClass.UPSTREAM_DOWN, False)


@pytest.mark.parametrize("state", ["HALF_DONE", "", None, 7, ["DONE"]])
def test_a_state_nobody_knows_is_not_believed(
    session: Session, upstream: Amazon, desk: Desk, terms: Terms, state: Any
) -> None:
    desk.states = [state]
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER
    assert looked(upstream) == 1


@pytest.mark.parametrize("told", [{}, {"reportId": 7}, {"reportId": ""}])
def test_an_order_without_an_id_is_not_believed(
    session: Session, upstream: Amazon, terms: Terms, told: dict[str, Any]
) -> None:
    upstream.script = [says(told, status=202)]
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER


def test_a_report_without_a_document_is_not_believed(
    session: Session, upstream: Amazon, terms: Terms
) -> None:
    upstream.script = [says({"reportId": "1"}), says({"processingStatus": "DONE"})]
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER


def test_an_empty_bucket_of_orders_is_waited_for(
    session: Session, upstream: Amazon, stopped: Stopped, terms: Terms
) -> None:
    start = stopped.now
    for _ in range(15):
        rows(session, terms)
    assert stopped.now == start
    assert rows(session, terms)[0] == STRAP
    assert stopped.now - start == pytest.approx(1 / 0.0167, abs=1)
    assert sum(call.method == "POST" for call in upstream.calls) == 16


def test_a_quota_that_amazon_counts_otherwise_is_waited_for(
    session: Session, upstream: Amazon, desk: Desk, stopped: Stopped, terms: Terms
) -> None:
    start = stopped.now
    upstream.script = [says({"errors": [{"code": "QuotaExceeded"}]}, status=429), desk]
    assert rows(session, terms)[0] == STRAP
    assert stopped.now - start == pytest.approx(1 / 0.0167, abs=1)


def test_a_quota_that_fills_too_slowly_is_not_waited_for(
    session: Session, upstream: Amazon, stopped: Stopped, storage: Server
) -> None:
    upstream.usually = says({"errors": [{"code": "QuotaExceeded"}]}, status=429)
    start = stopped.now
    short = Terms(seconds=45, also_from=storage.url, clock=stopped.clock)
    assert failure(session, short).reason is ErrorClass.RATE_LIMITED
    assert stopped.now - start < 45


def test_a_quota_that_never_fills_ends_with_the_time(
    session: Session, upstream: Amazon, stopped: Stopped, storage: Server
) -> None:
    upstream.usually = says({"errors": [{"code": "QuotaExceeded"}]}, status=429, Retry_After="0")
    start = stopped.now
    short = Terms(seconds=600, also_from=storage.url, clock=stopped.clock)
    assert failure(session, short).reason is ErrorClass.RATE_LIMITED
    assert 500 < stopped.now - start < 600
    assert len(upstream.calls) < 60


def compressed(desk: Desk, storage: Server, data: bytes) -> None:
    desk.document["compressionAlgorithm"] = "GZIP"
    storage.usually = says(data, Content_Type="text/plain; charset=cp932")


def test_a_compressed_document_is_decompressed(
    session: Session, desk: Desk, storage: Server, terms: Terms
) -> None:
    compressed(desk, storage, gzip.compress(PLAIN))
    assert rows(session, terms)[0] == STRAP


def test_a_document_that_was_compressed_for_its_transfer_only_is_read_too(
    session: Session, desk: Desk, storage: Server, terms: Terms
) -> None:
    desk.document["compressionAlgorithm"] = "GZIP"
    kind = "text/plain; charset=cp932"
    storage.usually = says(gzip.compress(PLAIN), Content_Encoding="gzip", Content_Type=kind)
    assert rows(session, terms)[0] == STRAP


def test_a_large_document_comes_in_pieces(
    session: Session, desk: Desk, storage: Server, terms: Terms
) -> None:
    compressed(desk, storage, gzip.compress(b"x" * 1_000_000))
    document = reports.fetch(session, JP, "ANY", terms=terms)
    assert document is not None
    sizes = [len(chunk) for chunk in document.chunks()]
    assert sum(sizes) == 1_000_000
    assert max(sizes) <= documents.CHUNK
    assert "xxx" not in repr(document)


BOMB = gzip.compress(b"\0" * 2**20) * (documents.MAX_TEXT // 2**20 + 1)  # a file of many compressed parts
DAMAGED = gzip.compress(PLAIN * 50)


@pytest.mark.parametrize(
    "data",
    [BOMB, DAMAGED[:-9], DAMAGED[:40] + b"!!" + DAMAGED[42:], DAMAGED[:-8] + b"12345678", DAMAGED + b"rest"],
    ids=["bomb", "cut off", "damaged", "another checksum", "followed by something"],
)
def test_a_compressed_document_that_cannot_be_trusted_is_refused_whole(
    session: Session, desk: Desk, storage: Server, terms: Terms, data: bytes
) -> None:
    compressed(desk, storage, data)
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER


def test_a_compression_nobody_knows_is_refused(
    session: Session, desk: Desk, storage: Server, terms: Terms
) -> None:
    desk.document["compressionAlgorithm"] = "ZSTD"
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER
    assert not storage.requests


@pytest.mark.parametrize(
    ("kind", "charset"),
    [
        ("text/plain;charset=Cp1252", "Cp1252"),
        ('text/plain; Charset = "UTF-8"', "UTF-8"),
        ("text/plain", None),
        ("text/plain; charset=", None),
    ],
)
def test_the_declared_encoding_is_passed_on(
    session: Session, storage: Server, terms: Terms, kind: str, charset: str | None
) -> None:
    storage.usually = says(PLAIN, Content_Type=kind)
    document = reports.fetch(session, JP, ALL, terms=terms)
    assert document is not None
    assert document.charset == charset


@pytest.mark.parametrize("data", [b"", b"<html>Sorry</html>", b"order-id\tamount\n"])
def test_a_document_that_is_no_such_report_is_not_believed(
    session: Session, storage: Server, terms: Terms, data: bytes
) -> None:
    storage.usually = says(data, Content_Type="text/plain")
    assert failure(session, terms).reason is ErrorClass.INVALID_ANSWER


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says(b"<Error><Code>AccessDenied</Code></Error>", status=403), ErrorClass.NOT_FOUND),
        (says(b"", status=404), ErrorClass.NOT_FOUND),
        (says(b"<Error/>", status=503), ErrorClass.UPSTREAM_DOWN),
        (says(b"", status=302, Location="http://169.254.169.254/latest/"), ErrorClass.INVALID_ANSWER),
        (loopback.truncated, ErrorClass.UPSTREAM_DOWN),
        (loopback.endless, ErrorClass.INVALID_ANSWER),
        (loopback.bomb, ErrorClass.INVALID_ANSWER),
        (loopback.resets, ErrorClass.UPSTREAM_DOWN),
    ],
)
def test_names_every_failure_of_the_storage(
    session: Session, storage: Server, terms: Terms, behaviour: Behaviour, reason: ErrorClass
) -> None:
    storage.usually = behaviour
    assert failure(session, terms).reason is reason


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (says(REFUSED, status=403), ErrorClass.NOT_ENTITLED),
        (says({"errors": [{"code": "InvalidInput"}]}, status=400), ErrorClass.INVALID_REQUEST),
        (loopback.html, ErrorClass.UPSTREAM_DOWN),
        (says(b"", status=302, Location="http://127.0.0.1:1/"), ErrorClass.INVALID_ANSWER),
    ],
)
def test_names_every_failure_of_the_calls(
    session: Session, upstream: Amazon, terms: Terms, behaviour: Behaviour, reason: ErrorClass
) -> None:
    upstream.usually = behaviour
    assert failure(session, terms).reason is reason


@pytest.mark.parametrize(
    "url",
    [
        "https://tortuga-prod-na.s3-external-1.amazonaws.com/a/b?X-Amz-Signature=1",
        "https://s3.us-west-2.amazonaws.com/a",
    ],
)
def test_trusts_addresses_of_amazons_storage(url: str) -> None:
    assert documents.trusted(url, "").geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        None, 7, "", "text", "https://", "https://[::1", "/a/b",
        "http://s3.amazonaws.com/a",
        "ftp://s3.amazonaws.com/a",
        "file:///etc/passwd",
        "https://s3.amazonaws.com",
        "https://s3.amazonaws.com:8443/a",
        "https://me@s3.amazonaws.com/a",
        "https://s3.amazonaws.com@example.com/a",
        "https://s3.amazonaws.com\\@example.com/a",
        "https://s3.amazonaws.com.example.com/a",
        "https://notamazonaws.com/a",
        "https://amazonaws.com/a",
        "https://.amazonaws.com/a",
        "https://127.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:80/a",
        "https://sellingpartnerapi-na.amazon.com/a",
    ],
)  # fmt: skip
def test_no_other_address_is_asked(
    session: Session, desk: Desk, storage: Server, terms: Terms, url: Any
) -> None:
    desk.document["url"] = url
    error = failure(session, terms)
    assert error.reason is ErrorClass.INVALID_ANSWER
    assert "example" not in str(error)
    assert not storage.requests


def test_without_the_option_this_machine_is_no_storage(
    session: Session, storage: Server, stopped: Stopped
) -> None:
    assert failure(session, Terms(clock=stopped.clock)).reason is ErrorClass.INVALID_ANSWER
    assert not storage.requests


@pytest.mark.parametrize(
    "behaviour", [says(PLAIN), says(b"s1gn4tur3", status=403), loopback.resets, loopback.endless]
)
def test_the_signature_is_shown_by_nothing(
    session: Session,
    storage: Server,
    terms: Terms,
    behaviour: Behaviour,
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage.usually = behaviour
    told = ""
    with caplog.at_level(logging.DEBUG):
        try:
            told = repr(reports.fetch(session, JP, ALL, terms=terms))
        except ProviderError as error:
            told = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
    for secret in ("s1gn4tur3", "AK/2026", "AK%2F2026", *SECRETS.values(), "Atza"):
        assert secret not in f"{told} {caplog.text} {session!r} {vars(session)!r}"
    assert "GET /reports/a%2Fb/1.txt" in caplog.text or storage.usually is loopback.resets


def test_the_download_is_told_like_every_call(session: Session, storage: Server, stopped: Stopped) -> None:
    told: list[Attempt] = []
    reports.fetch(
        session, JP, ALL, terms=Terms(also_from=storage.url, clock=stopped.clock, observe=told.append)
    )
    assert [(one.provider, one.credential, one.operation, one.marketplace, one.outcome) for one in told] == [
        ("spapi", session.credential, "downloadDocument", "JP", "ok")
    ]

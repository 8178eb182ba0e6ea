"""The calls about one's own inventory."""

import gzip
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import AuditEvent, User
from accounts.tests.factories import bearing, key_of
from conversion.models import Inventory, Mapping
from conversion.tests.reports import STOCK_HEADER, asin, code, of, report, row, stock_row, text
from conversion.tests.test_inventory import NO_REPORTS
from credits.models import LedgerEntry

PATH = "/api/v1/conversion/inventory"
TSV = "text/tab-separated-values"


def send(client: APIClient, data: bytes, query: str = "", kind: str = TSV, **headers: str) -> Any:
    named: Any = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic("POST", f"{PATH}{query}", data, kind, headers=named)  # type: ignore[arg-type]


def test_a_report_is_taken_for_nothing(as_alice: APIClient, alice: User) -> None:
    answer = send(as_alice, report(row(1), row(2, asin="")), "?marketplace=GB&name=stock.txt")
    assert answer.status_code == 201, answer.content
    made = Inventory.objects.get()
    assert answer.json()["data"] == {
        "id": made.pk,
        "layout": "fba_inventory",
        "marketplace": "UK",
        "name": "stock.txt",
        "rows": 1,
        "refused": 1,
        "created_at": answer.json()["data"]["created_at"],
        "reasons": [{"line": 3, "reason": answer.json()["data"]["reasons"][0]["reason"]}],
        "replaced": False,
    }
    assert answer.headers["Location"] == f"{PATH}/{made.pk}"
    assert send(as_alice, of([1]), "?marketplace=UK").json()["data"]["replaced"]
    assert LedgerEntry.objects.filter(wallet_id=alice.pk).count() == 1, "nothing but the grant"
    assert AuditEvent.objects.filter(actor=alice, action="inventory:import").count() == 2


@pytest.mark.parametrize("kind", [TSV, "text/csv", "text/plain", "application/octet-stream"])
def test_the_body_is_the_file_in_any_of_these_types(as_alice: APIClient, kind: str) -> None:
    assert send(as_alice, text(row(), separator=",").encode(), kind=kind).status_code == 201
    assert Mapping.objects.get().code == code(1)


def test_the_charset_of_the_type_counts(as_alice: APIClient) -> None:
    data = text(row(product_name="ラチェット")).encode("cp932")
    assert send(as_alice, data, kind=f"{TSV}; charset=Shift_JIS").status_code == 201
    assert Mapping.objects.get().title == "ラチェット"


def test_a_form_may_hold_it(as_alice: APIClient) -> None:
    file = SimpleUploadedFile("FBA stock.txt", of([1]))
    answer = as_alice.post(PATH, {"file": file}, format="multipart")
    assert answer.status_code == 201, answer.content
    assert answer.json()["data"]["name"] == "FBA stock.txt"
    refused = as_alice.post(PATH, {"balance": "5"}, format="multipart")
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {"#/file", "#/balance"}


def test_a_preview_keeps_nothing(as_alice: APIClient) -> None:
    data = report(stock_row(1), ("S", "", asin(1), "", ""), header=STOCK_HEADER)
    answer = send(as_alice, data, "?preview=true&marketplace=DE")
    assert answer.status_code == 200, answer.content
    told = answer.json()["data"]
    assert told["first"] == [
        {
            "line": 2,
            "sku": "S-1",
            "fnsku": code(1),
            "asin": asin(1),
            "title": None,
            "condition": "used_like_new",
            "country": None,
            "is_archived": None,
        }
    ]
    assert (told["layout"], told["marketplace"], told["encoding"]) == ("afn_inventory", "DE", "utf-8")
    assert (told["delimiter"], told["rows"], told["refused"]) == ("\t", 1, 1)
    assert told["columns"]["fnsku"] == "fulfillment-channel-sku"
    assert told["reasons"][0]["line"] == 3
    assert not Inventory.objects.exists()


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_report_is_refused_in_words(as_alice: APIClient, what: str) -> None:
    data, why = NO_REPORTS[what]
    for query in ("", "?preview=true"):
        if query and what in ("no rows", "only bad rows"):
            assert send(as_alice, data, query).status_code == 200
            continue
        answer = send(as_alice, data, query)
        assert (answer.status_code, answer.json()["code"]) == (422, "report_refused")
        assert why in answer.json()["detail"]
    assert not Inventory.objects.exists()


def test_the_rows_that_were_refused_are_told_where_no_row_is_good(as_alice: APIClient) -> None:
    told = send(as_alice, report(row(asin="x"))).json()
    assert [one["line"] for one in told["reasons"]] == [2]
    assert told["reasons"][0]["reason"] in told["detail"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("?marketplace=XX", "marketplace"), ("?preview=maybe", "preview"), ("?balance=5", "balance"),
     ("?name=a&name=b", "name"), (f"?name={'x' * 201}", "name")],
)  # fmt: skip
def test_a_wrong_query_is_refused(as_alice: APIClient, query: str, pointer: str) -> None:
    answer = send(as_alice, of([1]), query)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"#/{pointer}")


def test_other_forms_of_a_body_are_refused_with_the_forms_that_are_read(as_alice: APIClient) -> None:
    packed = gzip.compress(b"x" * 5_000_000)
    for answer in (
        send(as_alice, b"{}", kind="application/json"),
        send(as_alice, b"a=b", kind="application/x-www-form-urlencoded"),
        send(as_alice, packed, content_encoding="gzip"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert "JSON" not in answer.json()["detail"]


def test_the_limit_is_this_calls_own(as_alice: APIClient, settings: Settings) -> None:
    settings.INVENTORY_MAX_BYTES = 2_000_000
    large = of(range(12_000), product_name="x" * 60)
    assert settings.API_MAX_BODY_BYTES < len(large) < settings.INVENTORY_MAX_BYTES
    assert send(as_alice, large).status_code == 201
    for query in ("", "?preview=true"):
        answer = send(as_alice, large * 2, query)
        assert (answer.status_code, answer.json()["limit"]) == (413, 2_000_000)
    for path in ("/api/v1/products/asin", "/api/v1/conversion/seller-account/sync"):
        other = as_alice.generic("POST", path, large, "application/json")  # type: ignore[arg-type]
        assert (other.status_code, other.json()["limit"]) == (413, settings.API_MAX_BODY_BYTES)


def test_lists_and_forgets_ones_own(as_alice: APIClient, as_bob: APIClient) -> None:
    first = send(as_alice, of([1])).json()["data"]["id"]
    second = send(as_alice, of([1]), "?marketplace=DE").json()["data"]["id"]
    theirs = send(as_bob, of([1])).json()["data"]["id"]
    listed = as_alice.get(PATH).json()
    assert [one["id"] for one in listed["data"]] == [second, first]
    page = as_alice.get(PATH, {"limit": "1"}).json()
    assert [one["id"] for one in as_alice.get(PATH, {"after": page["next"]}).json()["data"]] == [first]
    assert as_alice.get(PATH, {"owner": "x"}).status_code == 422
    refused = as_alice.delete(f"{PATH}/{theirs}")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert as_alice.delete(f"{PATH}/{first}").status_code == 204
    assert as_alice.delete(f"{PATH}/{first}").status_code == 404
    assert set(Inventory.objects.values_list("pk", flat=True)) == {second, theirs}
    assert Mapping.objects.count() == 2


def test_a_key_needs_the_scope(alice: User) -> None:
    reader = bearing(key_of(alice, scopes=["products:read"])[1])
    answer = send(reader, of([1]), idempotency_key="k")
    assert (answer.status_code, answer.json()["scope"]) == (403, "conversion:write")
    assert send(bearing(key_of(alice)[1]), of([1])).status_code == 201


# --- sent again ---


@pytest.mark.django_db(transaction=True)
def test_the_same_file_under_one_key_is_taken_once(as_alice: APIClient) -> None:
    first = send(as_alice, of([1]), idempotency_key="k")
    again = send(as_alice, of([1]), idempotency_key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    for changed in (
        send(as_alice, of([2]), idempotency_key="k"),
        send(as_alice, of([1]), "?marketplace=DE", idempotency_key="k"),
        send(as_alice, of([1]), kind="text/csv", idempotency_key="k"),
    ):
        assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_mismatch")
    assert Inventory.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_is_the_same_whatever_parts_it(as_alice: APIClient) -> None:
    def form(boundary: str, data: bytes = of([1])) -> tuple[bytes, str]:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        return (
            head.encode() + data + f"\r\n--{boundary}--\r\n".encode(),
            f"multipart/form-data; boundary={boundary}",
        )

    answers = [
        send(as_alice, body, kind=kind, idempotency_key="k") for body, kind in (form("one"), form("two"))
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    body, kind = form("one", of([2]))
    assert send(as_alice, body, kind=kind, idempotency_key="k").json()["code"] == "idempotency_mismatch"


@pytest.mark.django_db(transaction=True)
def test_what_was_refused_under_a_key_can_be_sent_mended(as_alice: APIClient, settings: Settings) -> None:
    settings.INVENTORY_MAX_BYTES = 1000
    for data, kind, status in (
        (b"", TSV, 422),
        (of([1]), "application/json", 415),
        (of(range(100)), TSV, 413),
        (of([1]), TSV, 201),
    ):
        assert send(as_alice, data, kind=kind, idempotency_key="k").status_code == status


class SlowBody(io.BytesIO):
    """A body that may take long to come; notes whether we keep a database connection meanwhile."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.kept: list[bool] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.kept.append(connection.connection is not None)
        return super().read(size)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [{}, {"idempotency-key": "k"}], ids=["without a key", "with a key"])
def test_who_sends_slowly_keeps_no_database_connection(alice: User, key: dict[str, str]) -> None:
    program = bearing(key_of(alice)[1])
    data = of(range(2000))
    body = SlowBody(data)
    stream: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": str(len(data))}
    answer = program.generic("POST", PATH, "", TSV, headers=key, **stream)
    assert answer.status_code == 201, answer.content
    assert body.kept
    assert not any(body.kept)


def test_half_a_file_is_not_taken(as_alice: APIClient) -> None:
    data = of([1])
    stream: dict[str, Any] = {"wsgi.input": io.BytesIO(data), "CONTENT_LENGTH": str(len(data) + 100)}
    answer = as_alice.generic("POST", PATH, "", TSV, **stream)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert not Inventory.objects.exists()


def test_what_is_told_is_json(as_alice: APIClient) -> None:
    told = send(as_alice, report(row(product_name="\ufeff\u202e<script>"))).content
    assert json.loads(told)["status"] == "success"

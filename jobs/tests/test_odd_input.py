"""Whatever characters come in: they are kept, or refused in words, and never break anything."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from jobs import ids, services
from jobs.models import Job
from jobs.reading.given import MOST_GIVEN, MOST_REF
from jobs.results import PAGE
from jobs.tests.factories import ASINS, a_job, job_named, rows, told, work_all

pytestmark = pytest.mark.django_db(transaction=True)
BULK = "/api/v1/products/bulk"
ODD = [
    "\\",
    "\\.",
    "\\N",
    "a\\tb",
    "\U0001f4e6 \u202e right to left \u200f",
    "\x01\x1f\x7f\x85\u2028\u2029\ufeff\uffff",
    "{}, NULL, \"quoted\", 'single', %s %(job)s",
    "é" * 300,
    "\U0001f4e6" * 300,
]


def sent(client: Any, body: bytes, kind: str, headers: dict[str, str] | None = None) -> Any:
    """The answer to a body of this media type."""
    return client.generic("POST", BULK, body, content_type=kind, headers=headers)


def test_odd_characters_come_back_as_they_were_sent(as_alice: APIClient) -> None:
    job = a_job(as_alice, [{"code": text, "ref": text[:200]} for text in ODD], name=ODD[4])
    found = rows(as_alice, job)
    assert [one["given"] for one in found] == ODD
    assert [one["ref"] for one in found] == [text[:200].strip() for text in ODD]
    assert {one["outcome"] for one in found} == {"invalid"}
    assert told(as_alice, job)["name"] == ODD[4].strip()


def test_what_is_longer_than_is_kept_is_cut(as_alice: APIClient) -> None:
    job = a_job(as_alice, [{"code": "\U0001f4e6" * (MOST_GIVEN + 1), "ref": "\\" * (MOST_REF + 1)}])
    [found] = rows(as_alice, job)
    assert (found["given"], found["ref"]) == ("\U0001f4e6" * MOST_GIVEN, "\\" * MOST_REF)


def test_what_parts_rows_of_a_copy_is_a_space(as_alice: APIClient) -> None:
    job = a_job(as_alice, [{"code": "a\tb\nc\rd", "ref": "e\tf\ng"}, ASINS[0]])
    found = rows(as_alice, job)
    assert [(one["given"], one["ref"]) for one in found] == [("a b c d", "e f g"), (ASINS[0], "")]


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": ["\\u0000"]}',
        b'{"items": ["\\ud800"]}',
        b'{"items": [123456789012345678901234567890]}',
        b'{"items": [1e999]}',
        b'{"items": [[["B000000000"]]]}',
        b'{"items": [{"code": {"code": "B000000000"}}]}',
        b'{"items": [{"code": "B000000000", "ref": 7}]}',
        b'{"items": [null]}',
        b'{"items": [true]}',
        b'{"items": "B000000000"}',
        b'{"items": {}}',
        b'{"items": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
        b'{"text": "\\u0000"}',
        b'{"text": "  "}',
        b'{"items": ["B000000000"], "name": "\\u0000"}',
        b'{"items": ["B000000000"], "max_credits": 1e400}',
        b'{"items": ["B000000000"], "priority": []}',
        b"[]",
        b"\xff\xfe",
        b"",
    ],
)
def test_bodies_that_make_no_sense_are_refused_in_words(as_alice: APIClient, body: bytes) -> None:
    answer = sent(as_alice, body, "application/json")
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "text/csv"),
        (b"ASIN\n", "text/csv"),
        (b"ASIN,Title\n\n\n", "text/csv"),
        (b"\0\0\0\0", "text/csv"),
        (b"PK\x03\x04nonsense", "text/csv"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"", "multipart/form-data; boundary=x"),
        (b"ASIN\nB000000000", "image/png"),
        (b"ASIN\nB000000000", ""),
        (b"ASIN\nB000000000", "text/csv; charset=\xff".encode("latin-1").decode("latin-1")),
    ],
)
def test_files_that_make_no_sense_never_break_anything(as_alice: APIClient, body: bytes, kind: str) -> None:
    answer = sent(as_alice, body, kind)
    assert answer.status_code in (202, 400, 415, 422)


def test_a_packed_body_is_refused(as_alice: APIClient) -> None:
    answer = sent(as_alice, b"\x1f\x8b", "text/csv", {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_what_a_file_says_of_itself_is_kept_as_text(as_alice: APIClient) -> None:
    header = "\U0001f4e6\\\x01 ASIN,Ref\0\n"
    file = SimpleUploadedFile(
        "\u202e\U0001f4e6" * 150 + ".csv", f"{header}{ASINS[0]},a\\\n".encode(), content_type="text/csv"
    )
    answer = as_alice.post(f"{BULK}?column=1", {"file": file}, format="multipart")
    assert answer.status_code in (202, 422)
    assert Job.objects.count() == (answer.status_code == 202)


def test_results_are_read_page_by_page_with_one_query_each(
    as_alice: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    count = PAGE * 2 + 1
    answer = as_alice.post(BULK, {"items": ["nonsense"] * count}, format="json")
    job = job_named(answer.json()["data"]["id"])
    found: Any = services.results(job)
    with django_assert_num_queries(2):
        for _ in range(PAGE + 1):
            next(found)
    with django_assert_num_queries(2):
        assert len(list(found)) == PAGE


def test_whoever_stops_reading_leaves_nothing_open(as_alice: APIClient) -> None:
    job = a_job(as_alice, ASINS[:10])
    work_all()
    answer: Any = as_alice.get(f"/api/v1/jobs/{ids.shown(job.pk)}/results", {"format": "jsonl"})
    first = next(iter(answer.streaming_content))
    answer.close()
    assert json.loads(first.splitlines()[0])["row"] == 1
    assert told(as_alice, job)["status"] == "done"

"""Lists by cursor. Django's permissions serve to show it: every install has them, each with its id."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import signing
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries
from rest_framework.generics import ListAPIView
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIRequestFactory

from api.pagination import CursorPagination

pytestmark = pytest.mark.django_db


class PermissionSerializer(ModelSerializer[Permission]):
    class Meta:
        model = Permission
        fields = ("id", "name")


class Newest(ListAPIView[Permission]):
    serializer_class = PermissionSerializer
    pagination_class = CursorPagination
    authentication_classes = ()
    permission_classes = ()

    def get_queryset(self) -> QuerySet[Permission]:
        return Permission.objects.all()


class ByType(Newest):
    cursor_fields = ("content_type_id", "id")


def get(view: type[Newest], **query: str) -> Any:
    request: Any = APIRequestFactory().get("/", query)
    request.id = "req_1"
    return view.as_view()(request)


def walk(view: type[Newest], limit: int, between: Callable[[], object] = lambda: None) -> list[int]:
    """Every id of the list, page by page."""
    found: list[int] = []
    query = {"limit": str(limit)}
    while True:
        page = get(view, **query).data
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            assert page["next"] is None
            return found
        query["after"] = page["next"]
        between()


def test_pages_together_are_the_list() -> None:
    few = list(Permission.objects.order_by("id").values_list("id", flat=True)[:50])
    Permission.objects.exclude(pk__in=few).delete()  # so that one page has room for all
    everything = few[::-1]
    assert walk(Newest, limit=7) == everything
    assert walk(Newest, limit=len(everything)) == everything


def test_order_may_have_several_fields_none_of_them_unique_but_the_last() -> None:
    ordered = Permission.objects.order_by("content_type_id", "id").values_list("id", flat=True)
    assert walk(ByType, limit=3) == list(ordered)


def test_rows_added_meanwhile_shift_nothing() -> None:
    kind = Permission.objects.first().content_type  # type: ignore[union-attr]
    everything = list(Permission.objects.order_by("-id").values_list("id", flat=True))

    def add() -> None:
        Permission.objects.create(codename=f"new_{Permission.objects.count()}", name="new", content_type=kind)

    assert walk(Newest, limit=5, between=add) == everything


def test_a_page_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    after = get(Newest, limit="2").data["next"]
    with django_assert_num_queries(1):
        get(Newest, limit="2", after=after)


def test_fifty_are_given_unless_asked_otherwise() -> None:
    kind = Permission.objects.first().content_type  # type: ignore[union-attr]
    Permission.objects.bulk_create(
        Permission(codename=f"bulk_{n}", name="bulk", content_type=kind) for n in range(210)
    )
    assert len(get(Newest).data["data"]) == 50
    assert len(get(Newest, limit="200").data["data"]) == 200


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "1.5", "9" * 400, "²"])
def test_a_limit_out_of_range_is_named(limit: str) -> None:
    answer = get(Newest, limit=limit)
    assert answer.status_code == 422
    assert b'"pointer":"#/limit"' in answer.content


@pytest.mark.parametrize(
    "after",
    [
        "nonsense",
        "\0",
        "a:b:c",
        signing.dumps(["1"]),
        signing.dumps(["1", "2"], salt="api.pagination:Newest:-id"),
        signing.dumps({"a": 1}, salt="api.pagination:Newest:-id"),
    ],
    ids=["nonsense", "nul", "forged", "of another list", "too long", "no list"],  # signatures tell the time
)
def test_a_cursor_that_is_not_ours_is_refused(after: str) -> None:
    answer = get(Newest, after=after)
    assert answer.status_code == 400
    assert b'"code":"invalid_cursor"' in answer.content


def test_a_cursor_belongs_to_its_list_and_is_not_to_be_changed() -> None:
    after = get(Newest, limit="1").data["next"]
    assert get(ByType, after=after).status_code == 400
    assert get(Newest, after=after[:-1] + ("A" if after[-1] != "A" else "B")).status_code == 400


def test_the_page_is_described() -> None:
    page = CursorPagination()
    assert set(page.get_paginated_response_schema({})["required"]) >= {"data", "has_more", "next"}
    assert [given["name"] for given in page.get_schema_operation_parameters(None)] == ["limit", "after"]

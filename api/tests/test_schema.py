"""What the description of the API says of itself."""

from typing import Any

import pytest
from django.test import Client

from api.schema import document


@pytest.fixture
def described(client: Client) -> dict[str, Any]:
    """The description as a program gets it."""
    answer: dict[str, Any] = client.get("/api/schema/", headers={"accept": "application/json"}).json()
    return answer


def test_every_call_says_how_it_fails(described: dict[str, Any]) -> None:
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len(operations) >= 14
    for operation in operations:
        assert "default" not in operation["responses"]
        assert {"400", "406", "429", "500", "503"} <= set(operation["responses"])
    assert "code" in described["components"]["schemas"]["Problem"]["required"]


def test_what_stands_in_the_path_is_not_wanted_in_the_query_too(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            places = [(one["name"], one["in"]) for one in operation.get("parameters", [])]
            names = [name for name, _ in places]
            assert len(names) == len(set(names)), path
            assert {name for name, place in places if place == "path"} == {
                part.strip("{}") for part in path.split("/") if part.startswith("{")
            }


def test_a_page_of_a_list_is_asked_for_by_number_and_cursor(described: dict[str, Any]) -> None:
    for path in ("/api/v1/credits/history", "/api/v1/products/{asin}/history"):
        told = {one["name"]: one["schema"] for one in described["paths"][path]["get"]["parameters"]}
        assert told["limit"]["type"] == "integer"
        assert told["after"]["type"] == "string"


def test_it_is_made_once(client: Client) -> None:
    document.cache_clear()
    for _ in range(3):
        client.get("/api/schema/")
    assert document.cache_info().misses == 1

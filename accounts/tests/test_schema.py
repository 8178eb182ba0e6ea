"""How this app's calls are described in the API's schema."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The description of the whole API."""
    generated: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    return generated


def test_either_a_bearer_or_a_key_of_the_right_scope_will_do(schema: dict[str, Any]) -> None:
    asked = schema["paths"]["/api/v1/auth/me"]["get"]["security"]
    assert asked == [{"bearer": ["account:read"]}, {"apiKey": ["account:read"]}]
    schemes = schema["components"]["securitySchemes"]
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert (schemes["apiKey"]["type"], schemes["apiKey"]["name"]) == ("apiKey", "X-API-Key")


def test_a_call_for_people_takes_no_key(schema: dict[str, Any]) -> None:
    assert schema["paths"]["/api/v1/auth/logout"]["post"]["security"] == [{"bearer": []}]


@pytest.mark.parametrize("path", ["register", "verify", "login", "refresh"])
def test_a_call_for_newcomers_needs_no_credential(schema: dict[str, Any], path: str) -> None:
    operation = schema["paths"][f"/api/v1/auth/{path}"]["post"]
    assert not operation.get("security") or {} in operation["security"]
    assert operation["operationId"] == f"auth_{path}"


def test_a_password_is_never_part_of_an_answer(schema: dict[str, Any]) -> None:
    for name in "UserOutput", "SignedInOutput", "MeOutput":
        described = next(
            value for key, value in schema["components"]["schemas"].items() if key.startswith(name[:-6])
        )
        assert "password" not in described["properties"]

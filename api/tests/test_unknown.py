"""An address of the API that is none."""

import pytest
from django.test import Client


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api//v1/pricing",
        "/api/v1/a%0Ab",
        "/api/%ff",
    ],
)
def test_it_is_a_404_problem_whatever_is_asked_of_it(client: Client, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = client.generic(method, path, headers={"accept": "text/html"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "suggestion" in answer.json()
    assert client.head(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/schema", "/api/schema/"),
        ("/api/v1/pricing/", "/api/v1/pricing"),
        ("/api/v1/pricing//", "/api/v1/pricing"),
        ("/api/v1/products/asin/", "/api/v1/products/asin"),
        ("/api/v1/nothing/", None),
    ],
)
def test_a_slash_too_many_or_too_few_is_pointed_out_and_nobody_is_sent_on(
    client: Client, path: str, meant: str | None
) -> None:
    for method in ("GET", "POST"):
        answer = client.generic(method, path)
        assert (answer.status_code, answer.json()["suggestion"]) == (404, meant)
    assert (str(meant) in answer.json()["detail"]) == bool(meant)

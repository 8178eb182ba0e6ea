"""The page at the bare address."""

import pytest
from django.test import Client


@pytest.fixture
def page(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_shows_the_first_two_calls(page: str) -> None:
    assert "/api/v1/auth/register" in page
    assert "/api/v1/products/asin" in page


def test_shows_every_price_that_is_charged(page: str) -> None:
    assert "What is known about one ASIN in one marketplace." in page
    assert page.count("1 credit<") == 3


@pytest.mark.django_db
def test_every_link_on_it_leads_somewhere(client: Client, page: str) -> None:
    links = [part.split('"')[0] for part in page.split('<a href="/')[1:]]
    statuses = {link: client.get(f"/{link}", follow=True).status_code for link in links}
    assert set(statuses.values()) == {200}, statuses

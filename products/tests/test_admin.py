"""Operators see what is known of products and can change none of it."""

import pytest
from django.test import Client

from accounts.models import User
from products.models import Observation, Product
from products.store import RedisThenPostgres
from products.tests.factories import ASIN, kept_answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    """An operator's browser."""
    RedisThenPostgres().put(kept_answer(), keep_seconds=60)
    user = User.objects.create_superuser("operator@example.com", "x")
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", ["product", "observation"])
def test_lists_show_what_is_known(operator: Client, model: str) -> None:
    answer = operator.get(f"/admin/products/{model}/", {"q": ASIN})
    assert answer.status_code == 200
    assert ASIN in answer.content.decode()


def test_one_product_can_be_read(operator: Client) -> None:
    answer = operator.get(f"/admin/products/product/{Product.objects.get().pk}/change/")
    assert answer.status_code == 200
    assert "12.90" in answer.content.decode()


@pytest.mark.parametrize("act", ["add/", "{}/delete/"])
def test_nothing_can_be_added_or_deleted(operator: Client, act: str) -> None:
    for model in (Product, Observation):
        row = model._default_manager.first()
        assert row is not None
        path = f"/admin/products/{model._meta.model_name}/{act.format(row.pk)}"
        assert operator.post(path, {"post": "yes"}).status_code == 403
    assert Product.objects.count() == 1


def test_nothing_can_be_changed(operator: Client) -> None:
    product = Product.objects.get()
    assert operator.post(f"/admin/products/product/{product.pk}/change/", {"title": "x"}).status_code == 403
    product.refresh_from_db()
    assert product.title == "Thing"


def test_things_say_what_they_are(operator: Client) -> None:
    assert str(Product.objects.get()) == f"{ASIN} US"
    assert str(Observation.objects.of_series("price").get()) == f"{ASIN} US price 2026-11-20 12:00: 12.90"

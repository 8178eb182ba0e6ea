"""Events announced here and delivered by a real worker, started as it always is."""

import pytest

from accounts.models import User
from config.tests.waiting import eventually
from monitoring.tests.test_worker import working
from providers.tests.loopback import Server
from webhooks.models import Delivery
from webhooks.tests.factories import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_delivers_all_that_waits_for_an_endpoint(
    alice: User, receiver: Server, pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:8000")
    endpoint = an_endpoint(alice, receiver.url)
    for number in range(8):
        a_delivery(endpoint, number=number)
    with working(pool, "webhooks.tasks"):
        delivered = Delivery.objects.filter(status="delivered")
        eventually(lambda: delivered.count() == 8, seconds=60)
    assert len(receiver.requests) == 8

"""Signatures, checked by the library that the standard's authors publish."""

from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag
from pytest_django import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks import ids, signing

BODY = b'{"data":{"name":"caf\xc3\xa9"},"type":"job.completed"}'


def test_a_signature_is_what_the_standard_says() -> None:
    secret, now = signing.new_secret(), datetime.now(UTC)
    headers = signing.headers("evt_1", now, BODY, [secret])
    assert Webhook(signing.shown(secret)).verify(BODY, headers)["type"] == "job.completed"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp"])
def test_a_signature_covers_id_and_time(changed: str) -> None:
    secret, now = signing.new_secret(), datetime.now(UTC)
    headers = signing.headers("evt_1", now, BODY, [secret])
    headers[changed] = {"webhook-id": "evt_2", "webhook-timestamp": str(int(now.timestamp()) + 1)}[changed]
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(signing.shown(secret)).verify(BODY, headers)


def test_a_signature_covers_every_byte() -> None:
    secret = signing.new_secret()
    headers = signing.headers("evt_1", datetime.now(UTC), BODY, [secret])
    with pytest.raises(WebhookVerificationError, match="No matching"):
        Webhook(signing.shown(secret)).verify(BODY.replace(b" ", b"") + b" ", headers)


def test_each_of_two_secrets_is_enough() -> None:
    secrets = [signing.new_secret(), signing.new_secret()]
    headers = signing.headers("evt_1", datetime.now(UTC), BODY, secrets)
    assert headers["webhook-signature"].count(" ") == 1
    for secret in secrets:
        Webhook(signing.shown(secret)).verify(BODY, headers)


def test_the_standard_s_own_example_is_signed_alike() -> None:
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")._whsecret],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_sealed_secret_is_good_for_its_endpoint_alone() -> None:
    mine, secret = ids.new(), signing.new_secret()
    kept = signing.sealed(mine, secret)
    assert secret not in kept
    assert signing.opened(mine, kept) == secret
    with pytest.raises(InvalidTag):
        signing.opened(ids.new(), kept)


def test_another_install_cannot_open_it(settings: Settings) -> None:
    mine = ids.new()
    kept = signing.sealed(mine, signing.new_secret())
    settings.SECRET_KEY = "another"
    with pytest.raises(InvalidTag):
        signing.opened(mine, kept)

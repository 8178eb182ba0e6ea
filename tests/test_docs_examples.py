"""Every example of the documents and of the reference is carried out, and answered as it says."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.db import connection
from jsonschema import Draft202012Validator
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from accounts.models import User
from accounts.scopes import SCOPES
from accounts.tests.factories import PASSWORD, a_user, bearing, key_of, logged_in
from api.ids import new_ulid
from api.renderers import dumps
from api.schema import document
from config import reference
from config.described import first_content
from conversion.seller_accounts import connect
from monitoring.tests.factories import an_attempt, written
from products.tests.factories import give
from tests.documented import Example, call, examples, keeps, promise, same_shape
from webhooks import ids
from webhooks.services import send_test
from webhooks.tests.factories import an_endpoint

ROOT = Path(configured.BASE_DIR)
WITH_EXAMPLES = [
    path for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]) if any(examples(path))
]
DESCRIBED: dict[str, Any] = json.loads(dumps(document()))
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DESCRIBED["paths"].values()
    for operation in methods.values()
}


class Reader:
    """Someone who pastes one command after the other, and puts what an answer gave into the next."""

    def __init__(self, url: str, known: dict[str, str], *, save_card: Callable[[User], None]) -> None:
        self.save_card = save_card
        self.url = url
        self.known = known

    def run(self, command: str) -> Any:
        """Carry a command out, with this person's own key, tokens and ids in it."""
        command = re.sub(r"\$([A-Z]+)", lambda found: self.known[found[1]], command)
        command = command.replace("http://localhost:8000", self.url)
        command = re.sub(r"plt_live_\w*…", self.known["KEY"], command)
        command = re.sub(r"5e2a9c1b-[\w…-]*", lambda _: self.spare_key(), command)
        command = re.sub(r"eyJ\w*…", self.known["REFRESH"], command)
        command = re.sub(r"WyI\w*…?", self.known["MAILED"], command)
        command = re.sub(
            r"conversion/inventory/\d+", self.known.get("MADE", "").removeprefix("/api/v1/"), command
        )
        command = re.sub(r"chg_(\w{26}|…)", self.known.get("CHARGE", "chg_"), command)
        for prefix, name in MADE.items():
            command = re.sub(rf"{prefix}(\w{{26}}|…)", self.known.get(name, prefix), command)
        command = re.sub(r"cs_test_\w{30,}", self.known.get("SESSION", "cs_test_"), command)
        answer = call(command)
        self.learn(answer)
        return answer

    def spare_key(self) -> str:
        """Return the id of a key that nobody needs, so that the next command may do with it what it likes."""
        return str(key_of(User.objects.get(api_keys__prefix=self.known["KEY"][:19]))[0].pk)

    def learn(self, answer: Any) -> None:
        """Keep what later commands need."""
        told = answer.json() if answer.content else {}
        self.known |= {name: told[field] for name, field in FIELDS.items() if field in told}
        if "access_token" in told and "user" in told:
            self.save_card(User.objects.get(pk=told["user"]["id"]))
        made = told.get("data") if isinstance(told, dict) else None
        if isinstance(made, dict) and (name := MADE.get(str(made.get("id"))[:4])):
            self.known[name] = made["id"]
        self.known |= {
            name: answer.headers[field] for name, field in HEADERS.items() if field in answer.headers
        }


FIELDS = {"TOKEN": "access_token", "REFRESH": "refresh_token", "SESSION": "session_id"}
MADE = {
    "job_": "JOB",
    "cnv_": "CONVERSION",
    "whe_": "WEBHOOK",
    "whd_": "DELIVERY",
}  # by the first letters of an id
HEADERS = {"CHARGE": "X-Charge-Id", "MADE": "Location"}


@pytest.fixture
def reader(
    transactional_db: None,
    live_server: LiveServer,
    settings: Settings,
    surroundings: None,
    with_saved_card: Callable[[User], None],
) -> Iterator[Reader]:
    """Someone with an account, credits, a key, and another account that waits for its verification.

    What only operators may ask, an operator asks.
    """
    settings.PUBLIC_URL = live_server.url  # named in examples: where to come back to, and who may charge
    user = a_user()
    give(user, 100)
    session = logged_in(user)
    known = {"BASE": live_server.url, "KEY": key_of(user, scopes=list(SCOPES))[1], "MAILED": mailed(settings)}
    a_seller(user)
    known |= {"TOKEN": session.access_token, "REFRESH": session.refresh_token, **a_webhook(user)}
    known["JOB"] = a_job(user)
    written(an_attempt())  # so that there is something to see for operators
    known["OPERATOR"] = logged_in(a_user(is_staff=True)).access_token
    yield Reader(live_server.url, known, save_card=with_saved_card)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def a_seller(user: User) -> None:
    """Connect a seller account of this user's."""
    terms = {"region": "NA", "seller_id": "A1PALLET2SHIP", "marketplaces": ["US"]}
    connect(user=user, refresh_token="Atzr|IwEBIExample", **terms)  # type: ignore[arg-type]


def a_webhook(user: User) -> dict[str, str]:
    """Make a webhook of this user's, with a delivery."""
    endpoint = an_endpoint(user)
    delivery = send_test(user=user, endpoint_id=endpoint.pk)
    made = {"WEBHOOK": ids.shown(ids.ENDPOINT, endpoint.pk)}
    return made | {"DELIVERY": ids.shown(ids.DELIVERY, delivery.pk)}


def a_job(user: User) -> str:
    """Make a job of this user's, which nobody works on."""
    session = bearing(logged_in(user).access_token)
    answer = session.post("/api/v1/products/bulk", {"items": ["B08N5WRWNW"]}, format="json")
    return str(answer.json()["data"]["id"])


def mailed(settings: Settings) -> str:
    """Return the token of a verification mail."""
    settings.EMAIL_VERIFICATION = "mandatory"
    newcomer = {"email": "waiting@example.com", "password": PASSWORD}
    APIClient().post("/api/v1/auth/register", newcomer, format="json")
    settings.EMAIL_VERIFICATION = "none"
    found = re.search(r"^\S{40,}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.name)
def test_every_command_of_a_document_is_answered_as_it_says(path: Path, reader: Reader) -> None:
    for example in examples(path):
        answer = reader.run(example.command)
        promised = example.promised
        fails = isinstance(promised, dict) and isinstance(promised.get("status"), int)
        assert answer.status_code == promised["status"] if fails else answer.ok, (example, answer.text)
        assert promised is None or keeps(promised, answer.json()), (example, answer.json())


def prepare(reader: Reader) -> None:
    """Have a charge and a conversion to ask for, and an account whose password is that of the examples."""
    for example in examples(ROOT / "docs/quick-start.md"):
        reader.run(example.command)
    body = json.dumps({"fnsku": f"X00{new_ulid()[-7:]}"})
    headers = "-H 'X-API-Key: $KEY' -H 'Content-Type: application/json'"
    reader.run(f"curl -s $BASE/api/v1/conversion/fnsku-to-asin {headers} -d '{body}'")


def test_every_command_of_the_reference_is_answered_as_it_says(reader: Reader, settings: Settings) -> None:
    prepare(reader)
    for tag in reference.tags(reader.url):
        for shown in tag["calls"]:
            answer = reader.run(shown["curl"])
            told = [one for one in shown["answers"] if one["status"] == str(answer.status_code)]
            assert told, (shown["curl"], answer.status_code, answer.text)
            if told[0]["example"]:
                assert same_shape(json.loads(told[0]["example"]), answer.json()), (shown["curl"], answer.text)
            if answer.url.endswith("/auth/logout"):
                prepare(reader)
            if answer.url.endswith("/seller-account") and answer.status_code == 204:
                a_seller(User.objects.get(api_keys__prefix=reader.known["KEY"][:19]))
            if "/webhooks/whe_" in answer.url and answer.status_code == 204:
                reader.known |= a_webhook(User.objects.get(api_keys__prefix=reader.known["KEY"][:19]))


# --- the examples in the description ---


def valid(schema: Any, example: Any) -> None:
    """Hold an example to its schema."""
    Draft202012Validator({**schema, "components": DESCRIBED["components"]}).validate(example)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_examples_of_a_call_fit_its_description(name: str) -> None:
    operation = OPERATIONS[name]
    for parameter in operation.get("parameters", []):
        if "example" in parameter:
            valid(parameter["schema"], parameter["example"])
    if body := operation.get("requestBody"):
        content = first_content(body)
        valid(content["schema"], content["example"])
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json")
        if content:
            assert "example" in content, (name, status)
            valid(content["schema"], content["example"])


@pytest.mark.parametrize("name", DESCRIBED["components"]["responses"])
def test_the_examples_of_a_problem_fit_its_description(name: str) -> None:
    content = DESCRIBED["components"]["responses"][name]["content"]["application/problem+json"]
    for code in content["examples"]:
        valid(content["schema"], DESCRIBED["components"]["examples"][code]["value"])


# --- how an answer is compared with what was promised ---


def test_a_promise_names_all_members_unless_it_says_that_there_are_more() -> None:
    assert keeps(promise('{"a": 1, "b": "x…"}'), {"a": 1, "b": "xyz"})
    assert not keeps(promise('{"a": 1}'), {"a": 1, "b": 2})
    assert keeps(promise('{\n  "a": 1,\n  …\n}'), {"a": 1, "b": 2})
    assert keeps(promise('{"a": 1, …}'), {"a": 1, "b": 2})
    assert not keeps(promise('{"a": 1, …}'), {"a": 2})
    assert keeps(promise('{"a": […]}'), {"a": [1, 2]})
    assert not keeps(promise('{"a": [1]}'), {"a": [1, 2]})


def test_a_shape_has_the_same_members_all_the_way_down() -> None:
    assert same_shape({"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]})
    assert not same_shape({"a": [{"b": 1}]}, {"a": [{"c": 2}]})
    assert not same_shape({"a": 1}, {"a": "1"})


def test_the_documents_have_examples() -> None:
    names = {path.name for path in WITH_EXAMPLES}
    assert names >= {"README.md", "quick-start.md", "authentication.md", "api.md", "pricing.md"}
    assert Example("curl x") == Example("curl x", None)

"""A Stripe of our own on this machine: a real HTTP server that answers, and misbehaves, as it is told.

Parameters are checked against the types of Stripe's own SDK (`fake_params`); what is known and what happens
there is in `fake_state`. It does not know Checkout's page: tests act for the buyer (`stripe.pay(session)`).
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import stripe.params as kinds
import stripe.params.billing_portal as portal_kinds
import stripe.params.checkout as checkout_kinds
from stripe import WebhookSignature

from billing.tests.fake_params import BadParameter, Form, check, decoded
from billing.tests.fake_state import VERSION, Object, State

KEY = "sk_test_" + "a1b2c3d4" * 4
SECRET = "whsec_" + "e5f6a7b8" * 4
LISTS = {  # what can be listed, and the type of its query
    "checkout/sessions": ("checkout.session", checkout_kinds.SessionListParams),
    "refunds": ("refund", kinds.RefundListParams),
    "disputes": ("dispute", kinds.DisputeListParams),
    "payment_intents": ("payment_intent", kinds.PaymentIntentListParams),
}
READS = {
    "checkout/sessions": checkout_kinds.SessionRetrieveParams,
    "customers": kinds.CustomerRetrieveParams,
    "payment_intents": kinds.PaymentIntentRetrieveParams,
    "charges": kinds.ChargeRetrieveParams,
    "refunds": kinds.RefundRetrieveParams,
    "disputes": kinds.DisputeRetrieveParams,
    "accounts": kinds.AccountRetrieveParams,
    "payment_methods": kinds.PaymentMethodRetrieveParams,
}
HIDDEN = ("asked", "payment_intent_data", "behaves")  # what the fake remembers and Stripe does not tell


CARD_ERROR = 402


class Failure(Exception):
    """An answer that is none."""

    def __init__(self, status: int, type: str, message: str, **more: Any) -> None:
        self.status = status
        self.body = {"error": {"type": type, "message": message, **more}}
        super().__init__(message)


class FakeStripe(State):
    """The state, and how the API answers about it.

    `latency`: seconds that each call takes. `is_down`: it takes calls and says nothing, `answers_left`: after
    so many more. `loses`: so many calls are carried out, and their answers lost. `refuses`: what the next
    calls under a key are answered, each for good. `calls`: method and path of each.
    """

    def __init__(self, *, key: str = KEY) -> None:
        super().__init__(livemode="_live_" in key)
        self.key = key
        self.latency = 0.0
        self.is_down = False
        self.loses = 0
        self.refuses: list[tuple[int, Object]] = []
        self.answers_left = -1
        self.calls: list[tuple[str, str]] = []
        self.replies: dict[str, tuple[str, int, Object]] = {}
        self.url = ""
        self.over = threading.Event()

    # --- the API ---

    def answer(self, method: str, path: str, form: Form, headers: Any) -> tuple[int, Object]:
        """Return status and body of one call."""
        try:
            self.admit(headers)
            key = headers.get("Idempotency-Key")
            if method == "POST" and key:
                return self.once(key, f"{path} {json.dumps(form, sort_keys=True)}", path, form)
            return 200, self.act(method, path, form)
        except BadParameter as problem:
            body = {"type": "invalid_request_error", "message": str(problem), "param": problem.param}
            return 400, {"error": body}
        except Failure as failure:
            return failure.status, failure.body

    def admit(self, headers: Any) -> None:
        """Nobody gets in without the key, and nobody without a version of the API."""
        if headers.get("Authorization") != f"Bearer {self.key}":
            raise Failure(401, "invalid_request_error", "Invalid API Key provided")
        if headers.get("Stripe-Version") != VERSION:
            raise Failure(400, "invalid_request_error", "No such API version")

    def once(self, key: str, asked: str, path: str, form: Form) -> tuple[int, Object]:
        """The same key is the same answer; for another call it is an error. Refusals are not kept."""
        digest = hashlib.sha256(asked.encode()).hexdigest()
        with self.guard:
            if key in self.replies:
                known, status, body = self.replies[key]
                if known != digest:
                    raise Failure(
                        400, "idempotency_error", "Keys for idempotent requests can only be used once"
                    )
                return status, body
            if self.refuses:
                status, body = self.refuses.pop(0)
                self.replies[key] = (digest, status, body)
                return status, body
            status = 200
            try:
                body = self.act("POST", path, form)
            except Failure as failure:
                if failure.status != CARD_ERROR:
                    raise
                status, body = failure.status, failure.body  # a payment was made, and is kept as it ended
            self.replies[key] = (digest, status, body)
            return status, body

    def act(self, method: str, path: str, form: Form) -> Object:
        """Do what is asked."""
        name = path.removeprefix("/v1/")
        if method == "POST":
            return self.make(name, form)
        if name == "account":
            return self.account
        if name in LISTS:
            kind, query = LISTS[name]
            check(query, form)
            return self.listed(kind, form, f"/v1/{name}")
        group, _, one = name.rpartition("/")
        if one == "payment_methods":
            check(kinds.CustomerPaymentMethodListParams, form)
            customer = self.named(group.removeprefix("customers/"), "customer")["id"]
            return self.listed("payment_method", form | {"customer": customer}, f"/v1/{name}")
        if group not in READS:
            raise Failure(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path})")
        check(READS[group], form)
        return self.told(self.named(one, "id"), form.get("expand", []))

    def make(self, name: str, form: Form) -> Object:
        """Make something new, or change a customer."""
        if name == "payment_intents":
            check(kinds.PaymentIntentCreateParams, form)
            return self.charged(form)
        if name == "billing_portal/sessions":
            check(portal_kinds.SessionCreateParams, form)
            self.named(form["customer"], "customer")
            return self.told(self.create_portal(form))
        if name == "customers":
            check(kinds.CustomerCreateParams, form)
            return self.told(self.create_customer(form))
        if name == "checkout/sessions":
            check(checkout_kinds.SessionCreateParams, form)
            if form.get("customer"):
                self.named(form["customer"], "customer")
            return self.told(self.create_session(form))
        group, _, one = name.rpartition("/")
        if group == "customers":
            check(kinds.CustomerModifyParams, form)
            customer = self.named(one, "id")
            customer["metadata"] |= form.get("metadata", {})
            return self.told(customer)
        raise Failure(404, "invalid_request_error", f"Unrecognized request URL (POST: /v1/{name})")

    def charged(self, form: Form) -> Object:
        """A payment by a saved card, which fails if nobody is there to confirm it."""
        customer = self.named(form.get("customer", ""), "customer")
        card = self.named(form.get("payment_method", ""), "payment_method")
        if card["customer"] != customer["id"] or form.get("off_session") != "true":
            raise Failure(400, "invalid_request_error", "The payment method cannot be used like that")
        if "payment_method_types" not in form and "return_url" not in form:
            raise Failure(400, "invalid_request_error", "You must provide a `return_url`")
        intent = self.create_intent(form, card)
        if error := intent["last_payment_error"]:
            raise Failure(CARD_ERROR, **error, payment_intent=self.told(intent))
        return self.told(intent)

    def named(self, one: str, param: str) -> Object:
        """The object with an id."""
        with self.guard:
            if one not in self.objects or self.objects[one].get("deleted"):
                message = f"No such {param}: '{one}'"
                raise Failure(404, "invalid_request_error", message, code="resource_missing", param=param)
            return self.objects[one]

    def listed(self, kind: str, form: Form, url: str) -> Object:
        """A page of a list, the newest first."""
        filters = {n: v for n, v in form.items() if n in ("charge", "payment_intent", "customer", "status")}
        since = int(form.get("created", {}).get("gte", 0))
        until = int(form.get("created", {}).get("lte", 2**40))
        found = [
            one
            for one in self.all(kind)
            if since <= one["created"] <= until
            and all(one.get(name) == value for name, value in filters.items())
        ]
        if after := form.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        limit = int(form.get("limit", 10))
        expand = [path.removeprefix("data.") for path in form.get("expand", [])]
        page = [self.told(one, expand) for one in found[:limit]]
        return {"object": "list", "url": url, "has_more": len(found) > limit, "data": page}

    def told(self, one: Object, expand: Any = ()) -> Object:
        """An object as the API tells it."""
        shown: Object = json.loads(json.dumps({n: v for n, v in one.items() if n not in HIDDEN}))
        for path in expand:
            self.expand(shown, path.split("."))
        return shown

    def expand(self, shown: Object, path: list[str]) -> None:
        """Put an object where its id stands."""
        first, *rest = path
        inner = shown.get(first)
        if isinstance(inner, str) and inner in self.objects:
            inner = shown[first] = self.told(self.objects[inner])
        if rest and isinstance(inner, dict):
            self.expand(inner, rest)

    # --- events ---

    def signed(
        self, event: Object, *, secret: str = SECRET, at: int | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers with which an event is delivered."""
        about = {n: v for n, v in event["data"]["object"].items() if n not in HIDDEN}
        body = json.dumps(event | {"data": {"object": about}})
        return body.encode(), signature(body, secret=secret, at=at)


def signature(body: str, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """The header that proves who sent a body, and when."""
    header = WebhookSignature.generate_signature_header(body, secret, at)
    return {"stripe-signature": header}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together
    server: "Server"

    def do_GET(self) -> None:
        fake = self.server.fake
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with fake.guard:
            fake.calls.append((self.command, url.path))
            fake.is_down |= fake.answers_left == 0
            fake.answers_left -= fake.answers_left > 0
        fake.over.wait(fake.latency)
        if fake.is_down:
            self.close_connection = True
            return
        form = decoded(sent if self.command == "POST" else url.query)
        status, body = fake.answer(self.command, url.path, form, self.headers)
        with fake.guard:
            fake.loses -= (lost := fake.loses > 0)
        if lost:
            self.close_connection = True
            return
        self.reply(status, json.dumps(body).encode())

    do_POST = do_GET  # noqa: N815   the name that http.server looks for

    def reply(self, status: int, data: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Request-Id", "req_fake")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Listens on a port of this machine."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake: FakeStripe) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", 0), Handler)


@contextmanager
def serving(*, key: str = KEY) -> Iterator[FakeStripe]:
    """Run a fake Stripe for the length of the block; `url` is its address."""
    fake = FakeStripe(key=key)
    server = Server(fake)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join()

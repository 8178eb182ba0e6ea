"""Who is let in: the caller, their limits and what the view will want, in one trip to Redis.

DRF calls `Admission` before any view that wants a credential; views for everybody are counted by `Everybody`,
a throttle. What was found out stays on the Django request as `request.admission`: for the view (`caller`,
`found`), for the headers and for the record of calls.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django_redis import get_redis_connection
from redis.commands.core import Script
from redis.exceptions import NoScriptError, ResponseError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import authentication, principals
from accounts.authentication import Claim, Credential, claim_of
from accounts.caching import outage
from accounts.client_address import address_group, client_address
from accounts.errors import AccountsError
from accounts.models import User
from api import throttling
from api.errors import LimitExceeded
from api.gathering import Gathering
from api.throttling import Counter, Used, counter

# Counts one request; a window that nobody counts in any more ends by itself.
COUNT_ONE = """
local function count(name, seconds)
  local stand = redis.call('INCR', name)
  if stand == 1 then redis.call('EXPIRE', name, seconds) end
  return stand
end
"""
# The facts about the caller (KEYS[1]) and what the view wants (KEYS[2]). Where the facts alone say yes, the
# call is counted as well; a caller whose proof (ARGV[1]) is wrong must not use up the owner's limits. ARGV[2]
# is the time. Then for each policy: its name, the number of its window, its seconds.
TRIP = (
    COUNT_ONE
    + """
local facts = redis.call('GET', KEYS[1])
local answer = {facts, KEYS[2] and redis.call('GET', KEYS[2]) or false}
if not facts then return answer end
local is_read, caller = pcall(cjson.decode, facts)
if not is_read or type(caller) ~= 'table' or type(caller.user) ~= 'table' then return answer end
local proof = caller.hash or caller.version
local is_bound = type(caller.allowed_ips) == 'table' and #caller.allowed_ips > 0
local is_over = type(caller.expires_at) == 'number' and caller.expires_at <= tonumber(ARGV[2])
if proof ~= ARGV[1] or is_over or is_bound or caller.revoked or not caller.user[3] then
  return answer
end
local subjects = {key = caller.id, user = caller.user[1]}
for i = 3, #ARGV, 3 do
  local name = 'pallet:limit:' .. ARGV[i] .. ':' .. subjects[ARGV[i]] .. ':' .. ARGV[i + 1]
  answer[#answer + 1] = count(name, ARGV[i + 2])
end
return answer
"""
)
COUNT = (
    COUNT_ONE
    + """
local counts = {}
for i, name in ipairs(KEYS) do counts[i] = count(name, ARGV[i]) end
return counts
"""
)
POLICIES = {"session": ("user",), "key": ("key", "user")}


@dataclass(slots=True)
class Admitted:
    """What is known of a call before its view begins. `user` is None for anyone."""

    user: User | None = None
    credential: Credential | None = None
    used: Sequence[Used] = ()
    wanted: str = ""
    found: bytes | None = None
    refusal: Exception | None = None


class Admission(authentication.Authentication):
    """The one way into the API. A view's `kept_as(request)` names what Redis shall give on the same trip."""

    def authenticate(self, request: Request) -> tuple[User, Credential] | None:
        """Return the caller and their credential, None when there is no credential."""
        kept_as = getattr(request.parser_context.get("view"), "kept_as", None)
        try:
            admitted = admit(request._request, kept_as(request) if kept_as else "")
        except (AccountsError, LimitExceeded):
            request._not_authenticated()  # type: ignore[attr-defined]  # whoever asks later finds nobody
            raise
        if admitted.user is None or admitted.credential is None:
            return None
        return admitted.user, admitted.credential


class Everybody(BaseThrottle):
    """Counts the calls of views that let everybody in, by address."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return True, or raise LimitExceeded."""
        if not view.authentication_classes:
            admit(request._request, anonymous=True)
        return True


def admit(request: HttpRequest, wanted: str = "", *, anonymous: bool = False) -> Admitted:
    """Return who calls, and count the call; a second time for the same request, the same.

    `anonymous`: whatever credential is sent does not matter. Raises AccountsError, LimitExceeded.
    """
    admitted: Admitted | None = getattr(request, "admission", None)
    if admitted is None:
        admitted = Admitted()
        request.admission = admitted  # type: ignore[attr-defined]
        try:
            let_in(request, admitted, wanted, anonymous=anonymous)
        except (AccountsError, LimitExceeded) as refusal:
            admitted.refusal = refusal
    if admitted.refusal:
        raise admitted.refusal
    return admitted


def found(request: HttpRequest | Request, name: str) -> bytes | None:
    """Return what the trip brought along, if it was asked for this."""
    admitted: Admitted | None = getattr(request, "admission", None)
    return admitted.found if admitted and admitted.wanted == name else None


def let_in(request: HttpRequest, admitted: Admitted, wanted: str, *, anonymous: bool) -> None:
    """Find out who calls and count it, filling `admitted`. Who cannot prove it is counted by address."""
    now = time.time()
    counters: list[Counter] = []
    counts: list[int] = []
    try:
        claim = None if anonymous else claim_of(*credentials_in(request))
        if claim is not None:
            counters = [counter(policy, "", now) for policy in POLICIES[claim.kind]]
            facts, admitted.found, counts = trip(claim, wanted, counters, now)
            admitted.wanted = wanted
            admitted.user, admitted.credential = principals.admit(
                claim, facts, address=lambda: client_address(request)
            )
    except AccountsError:
        count(admitted, [by_address(request, now)], [], now)
        raise
    if admitted.user is None or admitted.credential is None:
        count(admitted, [by_address(request, now)], [], now)
    else:
        subjects = {"user": str(admitted.user.pk), "key": str(admitted.credential.id)}
        own = [one._replace(subject=subjects[one.policy.name]) for one in counters]
        count(admitted, own, counts, now)


def credentials_in(request: HttpRequest) -> tuple[str, str]:
    """Return the two headers that may hold a credential."""
    return request.META.get("HTTP_AUTHORIZATION", ""), request.META.get("HTTP_X_API_KEY", "")


def count(admitted: Admitted, counters: Sequence[Counter], counts: list[int], now: float) -> None:
    """Note what the counters stand at, counting now unless the trip has. Raises LimitExceeded."""
    counts = counts or outage.attempt(
        lambda: count_in_redis(counters), otherwise=lambda: throttling.memory.count(counters)
    )
    admitted.used = [Used(one, stand) for one, stand in zip(counters, counts, strict=True)]
    throttling.check(admitted.used, now)


def trip(
    claim: Claim, wanted: str, counters: Sequence[Counter], now: float
) -> tuple[bytes | None, bytes | None, list[int]]:
    """Return the facts, what was wanted, and the counts, as far as Redis has them and answers.

    Whom the counters count, the facts say.
    """
    keys = [claim.name, wanted] if wanted else [claim.name]
    proof = claim.proof if claim.kind == "session" else claim.proof.hex()
    arguments: list[Any] = [proof, now]
    for one in counters:
        arguments += [one.policy.name, one.window, one.policy.seconds]
    script = registered(TRIP)
    command = ("EVALSHA", script.sha, len(keys), *keys, *arguments)
    answer: list[Any] = outage.attempt(lambda: asked(command), otherwise=lambda: [None, None])
    facts, brought, *counts = answer
    return facts, brought or None, counts


def asked(command: tuple[Any, ...]) -> list[Any]:
    """Return what Redis answers. Raises ResponseError when it refuses: it is full, or lets nobody write."""
    answer: Any = trips.ask(command)
    if isinstance(answer, ResponseError):
        raise answer
    told: list[Any] = answer
    return told


def by_address(request: HttpRequest, now: float) -> Counter:
    """Return the counter of the client's address."""
    return counter("address", address_group(client_address(request)), now)


def count_in_redis(counters: Sequence[Counter]) -> list[int]:
    """Count one request in each."""
    seconds = [one.policy.seconds for one in counters]
    client = get_redis_connection("default")
    counts: list[int] = registered(COUNT)([one.name for one in counters], seconds, client)
    return counts


def make(commands: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Make trips together, on one connection. Raises RedisError for all when one of them fails."""
    pool = get_redis_connection("default").connection_pool
    connection = pool.get_connection()
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        answers = [read(connection) for _ in commands]
    finally:
        pool.release(connection)
    for place, answer in enumerate(answers):
        if isinstance(answer, NoScriptError):  # Redis was started anew
            answers[place] = again(commands[place])
    return answers


def read(connection: Any) -> Any:
    """Return one answer; a refusal is one too, so that the others are still read."""
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def again(command: tuple[Any, ...]) -> Any:
    """Make a trip whose script Redis does not know any more."""
    _, _, *arguments = command
    return get_redis_connection("default").eval(TRIP, *arguments)


trips: Gathering[tuple[Any, ...], Any] = Gathering(make)


@cache
def registered(text: str) -> Script:
    """Return a script under its hash."""
    found: Script = get_redis_connection("default").register_script(text)
    return found

"""Random sequences of verbs against a model of the ledger: after each step all figures are right.

The verbs commit for real. A model in plain Python says what must come of each; `check_ledger`'s laws say what
must always be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from credits import holds, rollup, services, statements
from credits.caps import set_cap
from credits.charging import charge_alone, charge_together
from credits.errors import (
    CapReached,
    CreditsError,
    DuplicateEntry,
    HoldClosed,
    HoldExceeded,
    InsufficientCredits,
    RefundExceedsCharge,
)
from credits.laws import LAWS, SOME
from credits.models import LedgerEntry
from credits.movements import Charge, Movement
from credits.tests.factories import assert_sound, user_with
from credits.tests.sums import assert_figures_are_exact

PARTS = 4  # so that parallel test processes share the work
STEPS = 2_500  # at least, in each part
SEQUENCES, LONGEST = 20, 50  # of one round; there are as many rounds as it takes
EVERYTHING = " UNION ALL ".join(
    (
        "SELECT user_id::text, concat_ws(' ', balance, held, receivable) FROM credits_wallet"
        " WHERE user_id = ANY (%(wallets)s::uuid[])",
        "SELECT subject::text, concat_ws(' ', spent + excess, \"limit\") FROM credits_spendingcap"
        " WHERE subject = %(cap)s",
        *(law.sql(SOME) for law in LAWS),
    )
)

few = st.integers(1, 12)
whose = st.integers(0, 1)
capped = st.booleans()


@dataclass
class ModelHold:
    """What a hold should be."""

    owner: int
    amount: int
    is_capped: bool
    captured: int = 0
    is_open: bool = True

    @property
    def remaining(self) -> int:
        """What it should still set aside."""
        return self.amount - self.captured if self.is_open else 0


@dataclass
class ModelCharge:
    """What a charge should be."""

    owner: int
    amount: int
    is_capped: bool
    refunded: int = 0


@dataclass
class ModelWallet:
    """What a wallet should be."""

    balance: int = 0
    receivable: int = 0
    entries: list[int] = field(default_factory=list)


class Ledger(RuleBasedStateMachine):
    """Two users, one spending cap that both charge under, any verb in any order."""

    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.users = [user_with(0), user_with(0)]
        self.wallets = [ModelWallet(), ModelWallet()]
        self.holds: dict[UUID, ModelHold] = {}
        self.charges: dict[str, ModelCharge] = {}
        self.keys: list[str] = []
        self.cap = uuid4()
        self.limit = 10
        self.used = 0
        self.begin()

    # what the model knows

    def held(self, owner: int) -> int:
        """What should be set aside."""
        return sum(hold.remaining for hold in self.holds.values() if hold.owner == owner)

    def available(self, owner: int) -> int:
        """What should be there to spend."""
        return self.wallets[owner].balance - self.held(owner)

    def move(self, owner: int, amount: int) -> None:
        """An entry that should be there."""
        self.wallets[owner].balance += amount
        self.wallets[owner].entries.append(amount)

    def collect(self, owner: int) -> None:
        """What comes in should pay what is owed first."""
        paid = min(self.wallets[owner].receivable, self.available(owner))
        if paid:
            self.wallets[owner].receivable -= paid
            self.move(owner, -paid)

    def refusal(self, owner: int, amount: int, is_capped: bool, key: str) -> type[CreditsError] | None:
        """What should be said to someone who wants to spend."""
        if key in self.keys:
            return DuplicateEntry
        if self.available(owner) < amount:
            return InsufficientCredits
        return CapReached if is_capped and self.used + amount > self.limit else None

    def key(self, is_used: bool) -> str:
        """A new key, or one that has been used."""
        return self.keys[-1] if is_used and self.keys else uuid4().hex

    @contextmanager
    def expecting(self, refusal: type[CreditsError] | None) -> Iterator[None]:
        """The verb in the block does what the model says: it is refused like this, or not at all."""
        type(self).steps += 1
        if refusal is None:
            yield
        else:
            with pytest.raises(refusal):
                yield

    # the verbs

    def begin(self) -> None:
        """Where every sequence starts."""
        set_cap(self.cap, limit=self.limit, period="total")
        for owner in (0, 1):
            services.grant(self.users[owner], 20, operation="welcome", key=uuid4().hex)
            self.move(owner, 20)

    @rule(owner=whose, amount=st.integers(1, 30), is_used=st.booleans())
    def grant(self, owner: int, amount: int, is_used: bool) -> None:
        key = self.key(is_used)
        refusal = DuplicateEntry if key in self.keys else None
        with self.expecting(refusal):
            services.grant(self.users[owner], amount, operation="pack", key=key)
        if not refusal:
            self.keys.append(key)
            self.move(owner, amount)
            self.collect(owner)

    @rule(owner=whose, amount=few, is_capped=capped, is_used=st.booleans(), is_alone=st.booleans())
    def charge(self, owner: int, amount: int, is_capped: bool, is_used: bool, is_alone: bool) -> None:
        key = self.key(is_used)
        refusal = self.refusal(owner, amount, is_capped, key)
        wanted = Charge(
            self.users[owner].pk, amount, "product.lookup", key, cap=self.cap if is_capped else None
        )
        with self.expecting(refusal):
            if is_alone:
                charge_alone(wanted)
            else:
                services.charge(
                    self.users[owner], amount, operation="product.lookup", key=key, cap=wanted.cap
                )
        if not refusal:
            self.spent(owner, amount, is_capped, key)

    def spent(self, owner: int, amount: int, is_capped: bool, key: str) -> None:
        """A charge that should have been taken."""
        self.keys.append(key)
        self.charges[key] = ModelCharge(owner, amount, is_capped)
        self.used += amount * is_capped
        self.move(owner, -amount)

    @rule(wanted=st.lists(st.tuples(whose, few, capped, st.booleans()), min_size=2, max_size=6))
    def charge_in_a_group(self, wanted: list[tuple[int, int, bool, bool]]) -> None:
        group, expected = [], []
        for owner, amount, is_capped, is_used in wanted:
            key = self.key(is_used)
            group.append(
                Charge(self.users[owner].pk, amount, "job", key, cap=self.cap if is_capped else None)
            )
            expected.append(self.refusal(owner, amount, is_capped, key))
            if expected[-1] is None:
                self.spent(owner, amount, is_capped, key)
        with self.expecting(None):
            outcomes = charge_together(group)
        assert outcomes is not None
        assert [type(outcome) for outcome in outcomes] == [refusal or Movement for refusal in expected]

    @rule(owner=whose, amount=few, is_capped=capped)
    def hold(self, owner: int, amount: int, is_capped: bool) -> None:
        refusal = self.refusal(owner, amount, is_capped, "new")
        cap = self.cap if is_capped else None
        with self.expecting(refusal):
            held = services.hold(self.users[owner], amount, operation="job", key=uuid4().hex, cap=cap)
        if not refusal:
            self.holds[held.hold] = ModelHold(owner, amount, is_capped)
            self.used += amount * is_capped

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), amount=few, is_last=st.booleans(), is_used=st.booleans())
    def capture(self, data: st.DataObject, amount: int, is_last: bool, is_used: bool) -> None:
        name = data.draw(st.sampled_from(list(self.holds)))
        held, key = self.holds[name], self.key(is_used)
        refusal: type[CreditsError] | None = None
        if key in self.keys:
            refusal = DuplicateEntry
        elif not held.is_open:
            refusal = HoldClosed
        elif amount > held.remaining:
            refusal = HoldExceeded
        with self.expecting(refusal):
            services.capture(name, amount, key=key, is_last=is_last)
        if not refusal:
            held.captured += amount
            self.keys.append(key)
            self.charges[key] = ModelCharge(held.owner, amount, held.is_capped)
            self.move(held.owner, -amount)
            if is_last or not held.remaining:
                self.end(held)

    def end(self, *ended: ModelHold) -> None:
        """Holds that should have let their rest go, together; what is owed is then paid in one entry."""
        for held in ended:
            self.used -= held.remaining * held.is_capped
            held.is_open = False
        for owner in {held.owner for held in ended}:
            self.collect(owner)

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(self.holds)))
        held = self.holds[name]
        refusal = None if held.is_open else HoldClosed
        with self.expecting(refusal):
            services.release(name)
        if not refusal:
            self.end(held)

    @rule()
    def sweep(self) -> None:
        with self.expecting(None):
            holds.release_expired(timezone.now() + timedelta(hours=1))
        self.end(*(held for held in self.holds.values() if held.is_open))

    @precondition(lambda self: self.charges)
    @rule(data=st.data(), amount=st.one_of(st.none(), few))
    def refund(self, data: st.DataObject, amount: int | None) -> None:
        name = data.draw(st.sampled_from(list(self.charges)))
        charge = self.charges[name]
        left = charge.amount - charge.refunded
        wanted = left if amount is None else amount
        refusal = None if 0 < wanted <= left else RefundExceedsCharge
        with self.expecting(refusal):
            services.refund(name, amount, key=uuid4().hex)
        if not refusal:
            charge.refunded += wanted
            self.used -= wanted * charge.is_capped
            self.move(charge.owner, wanted)
            self.collect(charge.owner)

    @rule(owner=whose, amount=st.integers(-12, 12).filter(bool))
    def adjust(self, owner: int, amount: int) -> None:
        refusal = InsufficientCredits if self.available(owner) < -amount else None
        with self.expecting(refusal):
            services.adjust(self.users[owner], amount, reason="test", actor="test", key=uuid4().hex)
        if not refusal:
            self.move(owner, amount)
            self.collect(owner)

    @rule(owner=whose, amount=st.integers(1, 20))
    def reverse(self, owner: int, amount: int) -> None:
        with self.expecting(None):
            services.reverse(self.users[owner], amount, operation="dispute", key=uuid4().hex)
        taken = min(amount, self.available(owner))
        self.wallets[owner].receivable += amount - taken
        self.move(owner, -taken)

    @rule()
    def fold(self) -> None:
        with self.expecting(None):
            rollup.fold()

    @rule(limit=st.integers(0, 60))
    def change_the_cap(self, limit: int) -> None:
        with self.expecting(None):
            set_cap(self.cap, limit=limit, period="total")
        self.limit = limit

    # what must be so after every step

    @invariant()
    def every_figure_is_right_and_every_law_is_kept(self) -> None:
        """One statement asks for the figures and for whatever breaks a law: nothing else may come back."""
        names = [user.pk for user in self.users]
        found = dict(statements.rows(EVERYTHING, {"wallets": names, "cap": self.cap}))
        expected = {str(self.cap): f"{self.used} {self.limit}"}
        for owner, wallet in enumerate(self.wallets):
            expected[str(names[owner])] = f"{wallet.balance} {self.held(owner)} {wallet.receivable}"
        assert found == expected

    def teardown(self) -> None:
        """Entry by entry, the ledger is what the model says, and so are the figures made of it."""
        for owner, user in enumerate(self.users):
            written = LedgerEntry.objects.for_user(user).order_by("id").values_list("amount", flat=True)
            assert list(written) == self.wallets[owner].entries
            for group in rollup.GROUPS:
                assert_figures_are_exact(user, group)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_sequence_of_verbs_breaks_a_law(part: int) -> None:
    Ledger.steps = 0
    terms = settings(
        max_examples=SEQUENCES,
        stateful_step_count=LONGEST,
        phases=[Phase.generate],  # no search for a shorter failure: that would take minutes
        deadline=None,
        derandomize=False,  # each round of the loop has sequences of its own
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Ledger.steps < STEPS:
        run_state_machine_as_test(Ledger, settings=terms)
    assert_sound()

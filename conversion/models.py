"""What is claimed about codes, what was answered, and what people said of the answers."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from conversion.querysets import ConversionQuerySet, FeedbackQuerySet, MappingQuerySet

CODE_LENGTH = 10
CONDITION_LENGTH = 40


class Inventory(models.Model):
    """A report of one seller's stock, as it was last uploaded or fetched for one account.

    Its rows are mappings. A newer one of the same layout and marketplace takes its place.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="inventories")
    layout = models.CharField(max_length=40, help_text="Which of Amazon's reports it is.")
    marketplace = models.CharField(max_length=2)
    name = models.CharField(max_length=200, blank=True, help_text="Of the file, as it was sent.")
    rows = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "inventories"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "layout", "marketplace"], name="conversion_inventory_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layout} of {self.created_at:%Y-%m-%d %H:%M}"


class SellerAccount(models.Model):
    """An account's credentials at Amazon, by which its stock is fetched once a day.

    The token is sealed (`conversion.seller_accounts`): the database alone opens it to nobody.
    """

    id = models.BigAutoField(primary_key=True)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="seller_account")
    region = models.CharField(max_length=2)
    seller_id = models.CharField(max_length=20)
    marketplaces = models.JSONField(help_text="Codes of those whose stock is fetched.")
    token = models.BinaryField(editable=False, help_text="The refresh token, sealed.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    queued_at = models.DateTimeField(null=True, help_text="Since when a fetching is wanted.")
    running_until = models.DateTimeField(null=True, help_text="Past it, whoever was fetching has died.")
    tried_at = models.DateTimeField(null=True)
    last_synced_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=40, blank=True, help_text="Of the last try; empty: none.")

    def __str__(self) -> str:
        return f"{self.seller_id} in {self.region}"

    @property
    def state(self) -> str:
        """Whether its stock is being fetched ("running"), is about to be ("queued"), or neither ("idle")."""
        if self.running_until and self.running_until > timezone.now():
            return "running"
        return "queued" if self.queued_at else "idle"


class Mapping(models.Model):
    """Somebody claims that a code leads to an ASIN: who, when, and for whom.

    `owner` None: it may answer everybody. Otherwise it is that account's alone.
    """

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=CODE_LENGTH)
    asin = models.CharField("ASIN", max_length=10)
    source = models.CharField(max_length=40, help_text="A name of `conversion.starts.SOURCES`.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="mappings")
    inventory = models.ForeignKey(Inventory, models.CASCADE, null=True, related_name="mappings")
    marketplace = models.CharField(max_length=2, blank=True, help_text="Where it was seen; empty: not said.")
    title = models.TextField(blank=True)
    condition = models.CharField(max_length=CONDITION_LENGTH, blank=True)
    is_archived = models.BooleanField(default=False)
    observed_at = models.DateTimeField()

    objects = MappingQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "source", "asin", "owner", "inventory"],
                nulls_distinct=False,
                name="conversion_mapping_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} is {self.asin}, says {self.source}"


class Conversion(models.Model):
    """What an account asked about a code, and the answer it was given, for its history and for feedback.

    `charge` names the charge, empty for what was free. `answer` is the data as it was sent.
    """

    class Status(models.TextChoices):
        PENDING = "pending"  # a source needs time; nothing is charged yet
        FOUND = "found"
        NOT_FOUND = "not_found"  # after it was pending; otherwise that is not kept

    id = models.UUIDField(primary_key=True, editable=False, help_text="The bits of the id that is shown.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversions")
    status = models.CharField(max_length=10, choices=Status)
    code = models.CharField(max_length=CODE_LENGTH)
    marketplace = models.CharField(max_length=2)
    asked = models.JSONField(help_text="The options of the call.")
    asin = models.CharField("ASIN", max_length=10, blank=True)
    confidence = models.FloatField(null=True)
    is_own = models.BooleanField(default=False, help_text="Answered from the account's own data.")
    heard = models.JSONField(default=dict, help_text="The claims and facts the answer was made of.")
    answer = models.JSONField(null=True)
    credits = models.IntegerField(default=0)
    charge = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ConversionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index("user", "created_at", "id", name="conversion_of_user_by_time"),
            models.Index("code", "user", name="conversion_of_code"),
            models.Index("created_at", condition=~models.Q(charge=""), name="conversion_paid_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.asin or self.status}"


class Purchase(models.Model):
    """A pair that an account has paid for: for a year it is free. There is one, whatever happens at once."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    code = models.CharField(max_length=CODE_LENGTH)
    asin = models.CharField("ASIN", max_length=10)
    charge = models.CharField(max_length=64)
    paid_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "code", "asin"], name="conversion_purchase_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} is {self.asin}, paid {self.paid_at:%Y-%m-%d}"


class Feedback(models.Model):
    """What the account that asked says of an answer: once, and for good.

    Only what became of the refund changes, and only from withheld to given.
    """

    class Refund(models.TextChoices):
        NONE = "none"  # nothing is due: the answer was right, or free
        GIVEN = "given"
        WITHHELD = "withheld"  # an operator may give it

    class Withheld(models.TextChoices):
        CONTRADICTED = "contradicted"  # others said otherwise of what this account rejected before
        LIMIT = "limit"  # so many refunds in a month, for so many paid answers, are not given unseen

    conversion = models.OneToOneField(Conversion, models.CASCADE, primary_key=True)
    is_correct = models.BooleanField()
    asin = models.CharField("ASIN", max_length=10, blank=True, help_text="What it is instead, if known.")
    weight = models.FloatField(
        help_text="How much it moved the counts; 0: it is not believed, or had said it before."
    )
    is_believed = models.BooleanField(
        default=True, help_text="No: the account had contradicted others too often; its word is kept only."
    )
    is_private = models.BooleanField(
        default=False, help_text="It may rest on the account's own data, so it tells nobody else of the pair."
    )
    refund = models.CharField(max_length=10, choices=Refund, default=Refund.NONE)
    withheld = models.CharField(
        max_length=20, choices=Withheld, blank=True, help_text="Why the refund was not given at once."
    )
    refunded = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feedback"
        indexes: ClassVar = [models.Index("created_at", name="conversion_feedback_by_time")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(refund="given", refunded__gt=0)
                | ~models.Q(refund="given") & models.Q(refunded=0),
                name="conversion_feedback_refund_is_what_was_refunded",
            ),
            models.CheckConstraint(
                condition=models.Q(is_correct=False) | models.Q(refund="none", asin=""),
                name="conversion_feedback_refunds_and_corrects_what_is_wrong",
            ),
            models.CheckConstraint(
                condition=~models.Q(refund="withheld") | ~models.Q(withheld=""),
                name="conversion_feedback_withheld_says_why",
            ),
        ]
        permissions: ClassVar = [("give_refund", "Can give a refund that was withheld, giving a reason")]

    def __str__(self) -> str:
        return f"{self.conversion_id}: {'right' if self.is_correct else 'wrong'}"


class Share(models.Model):
    """What feedback has taught of a share (`conversion.reliability`): how often it was so, how often not."""

    name = models.CharField(max_length=100, primary_key=True)
    yes = models.FloatField()
    no = models.FloatField()
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.yes:.1f} to {self.no:.1f}"

"""What can be wrong with a call, whatever it asks for. `config/errors.py` says how each is answered."""


class MalformedBody(Exception):
    """The body is no JSON object that can be read; the message says why."""


class BodyTooLarge(Exception):
    """The body is longer than `limit` bytes; it was not read to its end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The body is larger than the {limit:,} bytes that this address takes.")


class MediaTypeRefused(Exception):
    """The body is in a form that this address does not read; the message says what it reads."""


class BodyTooDeep(MalformedBody):
    """The body nests deeper than `limit` levels."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The body nests deeper than {limit} levels.")


class InvalidCursor(Exception):
    """The `after` of a list was not made by us for this list."""

    def __init__(self) -> None:
        super().__init__("The value of 'after' is none of this list's own. Take it from 'next', unchanged.")


class UnknownAddress(Exception):
    """Nothing answers at this path; `suggestion` is the address that was probably meant."""

    def __init__(self, suggestion: str | None = None) -> None:
        self.suggestion = suggestion
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"There is nothing at this address.{hint}")


class IdempotencyKeyMissing(Exception):
    """This call moves money, so it must be possible to repeat it without doing it twice."""

    def __init__(self) -> None:
        super().__init__("Send the header 'Idempotency-Key' with a value of your own, such as a UUID.")


class InvalidIdempotencyKey(Exception):
    """The Idempotency-Key is not one that can be kept."""

    def __init__(self) -> None:
        super().__init__(
            "An Idempotency-Key is one value of 1 to 255 visible ASCII characters, quoted or not."
        )


class IdempotencyInProgress(Exception):
    """The first call with this key has not been answered yet."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("The first call with this Idempotency-Key is still under way.")


class IdempotencyMismatch(Exception):
    """The key stands for another call."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another body or query. Take a new key.")


class LimitExceeded(Exception):
    """Too many requests. `violated_policies` names the limits; `retry_after` is in seconds, at least 1."""

    def __init__(self, violated_policies: list[str], retry_after: int) -> None:
        self.violated_policies = violated_policies
        self.retry_after = retry_after
        per = " and per ".join(violated_policies)
        super().__init__(f"The limit of requests per {per} is reached. Try again in {retry_after} seconds.")

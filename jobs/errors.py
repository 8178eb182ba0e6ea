"""What can go wrong with a job. Knows no HTTP; `config/errors.py` says how each is answered."""

from credits.errors import InsufficientCredits


class UnknownJob(Exception):
    """There is no such job, or it is another account's."""

    def __init__(self) -> None:
        super().__init__("There is no such job.")


class JobHasEnded(Exception):
    """It is too late to change anything about it."""

    def __init__(self) -> None:
        super().__init__("The job has ended: there is nothing left to cancel.")


class JobStillRuns(Exception):
    """Its failed rows can be tried again once it has ended."""

    def __init__(self) -> None:
        super().__init__("The job still runs: wait for its end, or cancel it, and then try what failed.")


class NothingToRetry(Exception):
    """No row of it failed in a way that another try could mend."""

    def __init__(self) -> None:
        super().__init__(
            "No row of this job is worth another try: what was not found, or is no code, stays so."
        )


class JobTooLarge(InsufficientCredits):
    """The credits do not reach for all rows. `affordable_rows`: for so many they would."""

    def __init__(self, required: int, available: int, affordable_rows: int) -> None:
        super().__init__(required, available)
        self.affordable_rows = affordable_rows

"""What customers can be told of. The names are data: whoever announces one adds its line here."""

EVENTS: dict[str, str] = {
    "job.completed": "A bulk job has ended: each of its rows has its outcome.",
    "job.failed": "A bulk job has ended without one row that was delivered, or its time ran out.",
    "job.cancelled": "A bulk job was cancelled; what was not delivered costs nothing.",
}
TEST = "webhook.test"  # sent when its owner asks for it, whatever the endpoint is told of

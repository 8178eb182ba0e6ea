"""The web server's worker: what is no HTTP is refused like every other failure, and repeated nowhere.

Such a request never reaches Django. gunicorn would answer it as a page and log its words, which may be a key
that somebody sent without its colon.
"""

from http import HTTPStatus
from socket import socket
from typing import Any

from django.http import HttpRequest
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.ggevent import GeventWorker

from api.ids import new_request_id
from api.problems import Problem, answer
from config.wording import TITLES

CODE = "malformed_request"
OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)  # what the application got wrong
DETAILS: dict[type[Exception], str] = {
    errors.LimitRequestLine: "The address is too long.",
    errors.LimitRequestHeaders: "The headers are too many or too long.",
    errors.InvalidHeader: "A header is not of the form 'Name: value'.",
    errors.InvalidHeaderName: "The name of a header is none.",
}


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log without a line for each request, which it would else prepare and then not write."""

    @property
    def access_log_enabled(self) -> bool:
        """Say no: api.middleware writes that line."""
        return False


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """gevent's worker with our words for what cannot be read."""

    def handle_error(self, req: Any, client: socket, addr: Any, exc: BaseException) -> None:
        """Answer what could not be read or answered; the connection ends afterwards."""
        if isinstance(exc, OURS) or not isinstance(exc, errors.ParseException):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("a request could not be read: %s", type(exc).__name__)
        try:
            client.sendall(refusal(exc))
        except OSError:  # the caller has gone
            return


def refusal(exc: BaseException) -> bytes:
    """Return the whole answer to a request that is no HTTP."""
    request = HttpRequest()
    request.id = new_request_id()  # type: ignore[attr-defined]
    detail = next((DETAILS[kind] for kind in type(exc).__mro__ if kind in DETAILS), "This is not HTTP.")
    problem = Problem(status=HTTPStatus.BAD_REQUEST, code=CODE, title=TITLES[CODE], detail=detail)
    response = answer(request, problem)
    headers = {
        "Connection": "close",
        "Content-Length": str(len(response.content)),
        "Request-Id": request.id,  # type: ignore[attr-defined]
        **response.headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 400 Bad Request\r\n{head}\r\n".encode("latin-1") + response.content

"""What pages with forms have in common."""

from http import HTTPStatus

from django.http import HttpResponseRedirect

from api.middleware import PAGE_POLICY


class SeeOther(HttpResponseRedirect):
    """The answer to a form: it was taken, and what came of it is read elsewhere."""

    status_code = HTTPStatus.SEE_OTHER


def policy_with_forms_to(*places: str) -> str:
    """Return the policy of a page whose forms lead to these places besides our own, at once or in the end."""
    return PAGE_POLICY.replace("form-action 'self'", " ".join(("form-action 'self'", *places)))

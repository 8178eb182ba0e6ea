"""What django-allauth must know of us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.client_address import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth counts and records by the same client address as everything else."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address."""
        return client_address(request)

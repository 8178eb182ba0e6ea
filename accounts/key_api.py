"""The calls under /api/v1/keys: API keys, made, looked at, changed, rerolled and revoked by their owner."""

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.api import checked
from accounts.authentication import caller
from accounts.caps import figures
from accounts.client_address import client_of
from accounts.key_serializers import (
    KeyAnswer,
    KeyChanges,
    KeyOutput,
    KeySettings,
    KeysQuery,
    NewKeyAnswer,
    RerollInput,
)
from accounts.keyring import own_key
from accounts.models import APIKey
from accounts.scopes import KEYS_WRITE


class Keys(GenericAPIView[APIKey]):
    """The caller's keys."""

    scope = KEYS_WRITE
    serializer_class = KeyOutput
    cursor_fields = ("-created_at", "-id")

    @extend_schema(operation_id="keys_list", parameters=[KeysQuery], responses=KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        """List the caller's keys, newest first, page by page; those that have ended too."""
        query = KeysQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        page = self.paginate_queryset(self.wanted(request, query.validated_data.get("status")))
        return self.get_paginated_response(shown(page or [], many=True))

    def wanted(self, request: Request, state: str | None) -> QuerySet[APIKey]:
        """Return the keys asked for."""
        keys = APIKey.objects.filter(user=caller(request)[0])
        return keys.in_state(state) if state else keys

    @extend_schema(operation_id="keys_create", request=KeySettings, responses={201: NewKeyAnswer})
    def post(self, request: Request) -> Response:
        """Make a key. The answer is the only place where the key itself is ever shown."""
        terms = checked(KeySettings, request)
        user, credential = caller(request)
        key, plaintext = services.create_key(
            user=user, **terms, using=credential, client=client_of(request._request)
        )
        return Response(
            {"data": {"key": plaintext, **shown(key)}},
            status=status.HTTP_201_CREATED,
            headers={"Location": f"{request.path}/{key.pk}"},
        )


class Key(APIView):
    """One key of the caller's."""

    scope = KEYS_WRITE

    @extend_schema(operation_id="keys_get", responses=KeyAnswer)
    def get(self, request: Request, key_id: uuid.UUID) -> Response:
        """Return one key."""
        return Response({"data": shown(own_key(caller(request)[0], key_id))})

    @extend_schema(operation_id="keys_update", request=KeyChanges, responses=KeyAnswer)
    def patch(self, request: Request, key_id: uuid.UUID) -> Response:
        """Change a key, everywhere within seconds. What is left out stays; a cap of null is taken off."""
        user, credential = caller(request)
        key = services.change_key(
            user=user,
            key_id=key_id,
            changes=checked(KeyChanges, request),
            using=credential,
            client=client_of(request._request),
        )
        return Response({"data": shown(key)})

    @extend_schema(operation_id="keys_revoke", request=None, responses={204: None})
    def delete(self, request: Request, key_id: uuid.UUID) -> Response:
        """Revoke a key for good, everywhere within seconds. Revoking it again changes nothing."""
        user, credential = caller(request)
        key = own_key(user, key_id)
        services.revoke_key(key=key, using=credential, client=client_of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Reroll(APIView):
    """Another secret for a key."""

    scope = KEYS_WRITE

    @extend_schema(operation_id="keys_reroll", request=RerollInput, responses=NewKeyAnswer)
    def post(self, request: Request, key_id: uuid.UUID) -> Response:
        """Give the key a new secret, shown in this answer only. The old one works on for `grace_seconds`.

        Id, name, scopes, cap and what was spent of it, addresses and expiry stay as they are.
        """
        grace = checked(RerollInput, request)["grace_seconds"]
        user, credential = caller(request)
        key, plaintext = services.reroll_key(
            user=user, key_id=key_id, grace=grace, using=credential, client=client_of(request._request)
        )
        return Response({"data": {"key": plaintext, **shown(key)}})


def shown(keys: Any, *, many: bool = False) -> Any:
    """Return one key or many as their owner may see them, with the figures of their caps."""
    caps = figures(keys if many else [keys])
    return KeyOutput(keys, many=many, context={"caps": caps}).data

"""The calls about an account's own inventory: reports are sent, looked at and forgotten. All free."""

from typing import Any, ClassVar, cast

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.serializers import ListQuery
from api import queries
from api.uploads import FIELD, FORM, Upload, uploaded
from conversion import inventory
from conversion.inventory_serializers import (
    ImportAnswer,
    ImportedOutput,
    ImportOptions,
    InventoryOutput,
    PreviewAnswer,
    PreviewOutput,
)
from conversion.models import Inventory

SCOPE = "conversion:write"
TYPES = ("text/tab-separated-values", "text/csv", "text/plain", "application/octet-stream")
BINARY = {"type": "string", "format": "binary"}
A_FORM = {"type": "object", "required": [FIELD], "properties": {FIELD: BINARY}, "additionalProperties": False}
ID_IN_PATH = OpenApiParameter("id", int, OpenApiParameter.PATH)


class Inventories(GenericAPIView[Inventory]):
    """The account's inventories. `media_types` says that a file is the body."""

    scope = SCOPE
    serializer_class = InventoryOutput
    cursor_fields = ("-created_at", "-id")
    media_types: ClassVar = TYPES

    @property
    def max_body_bytes(self) -> int:
        """How large a report may be."""
        return int(settings.INVENTORY_MAX_BYTES)

    @extend_schema(operation_id="conversion_inventory_list", responses=InventoryOutput(many=True))
    def get(self, request: Request) -> Response:
        """List your inventories, newest first."""
        ListQuery(data=queries.values(request)).is_valid(raise_exception=True)
        page = self.paginate_queryset(Inventory.objects.filter(owner=caller(request)[0]))
        return self.get_paginated_response(InventoryOutput(page or [], many=True).data)

    @extend_schema(
        operation_id="conversion_inventory_import",
        parameters=[ImportOptions],
        request={**dict.fromkeys(TYPES, BINARY), FORM: A_FORM},
        responses={201: ImportAnswer, 200: PreviewAnswer},
    )
    def post(self, request: Request) -> Response:
        """Send an FBA report, in place of your former one of the same kind and marketplace. Free.

        The body is the file as Amazon gives it or as a spreadsheet saved it, up to 64 MB and 200,000 rows, or
        a form with the field `file`. With `preview` the answer is 200 and says how it would be read.
        """
        query = ImportOptions(data=queries.values(request))
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        with uploaded(request._request, limit=self.max_body_bytes, types=self.media_types) as sent:
            if asked["preview"]:
                return self.look_at(sent, asked["marketplace"])
            return self.keep(request, sent, asked["marketplace"], asked["name"] or sent.name)

    def look_at(self, sent: Upload, marketplace: str) -> Response:
        """Answer with what a report would be read as."""
        found = inventory.preview(source=sent.file, charset=sent.charset)
        return Response({"data": {"marketplace": marketplace, **PreviewOutput(found).data}})

    def keep(self, request: Request, sent: Upload, marketplace: str, name: str) -> Response:
        """Answer with what became of a report."""
        imported = inventory.import_inventory(
            user=caller(request)[0],
            source=sent.file,
            name=name,
            marketplace=marketplace,
            charset=sent.charset,
            client=client_of(request._request),
        )
        made = imported.inventory
        return Response(
            {"data": ImportedOutput(cast(Any, imported)).data},
            status=status.HTTP_201_CREATED,
            headers={"Location": f"{request.path}/{made.pk}"},
        )


class OneInventory(APIView):
    """One of the account's inventories."""

    scope = SCOPE

    @extend_schema(
        operation_id="conversion_inventory_forget",
        request=None,
        parameters=[ID_IN_PATH],
        responses={204: None},
    )
    def delete(self, request: Request, id: int) -> Response:
        """Forget an inventory with all its rows."""
        inventory.forget(user=caller(request)[0], inventory_id=id, client=client_of(request._request))
        return Response(status=status.HTTP_204_NO_CONTENT)

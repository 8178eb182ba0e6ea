"""What the stand-in's pages have in common."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views import View

from billing.offline.guard import is_on
from billing.offline.models import OfflineObject


class OfflinePage(View):
    """Is there only while the stand-in is on, and for objects that there are."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer. Raises Http404."""
        if not is_on():
            raise Http404
        try:
            return super().dispatch(request, *args, **kwargs)
        except OfflineObject.DoesNotExist:
            raise Http404 from None

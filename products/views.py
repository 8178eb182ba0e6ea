"""Pages about what is sold."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from products.catalogue import pricing


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what this is, the first two calls, and what things cost."""
    return render(request, "home.html", {"url": settings.PUBLIC_URL, "pricing": pricing()})

"""The whole map: pages, /api/v1/, /admin/, /health."""

from django.contrib import admin
from django.urls import include, path

from config import docs
from products.views import home

admin.site.site_title = admin.site.site_header = "Pallet"
admin.site.index_title = "Operators"

urlpatterns = [
    path("", home, name="home"),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("credits.urls")),
    path("api/v1/", include("products.urls")),
    path("", include("api.urls")),
    path("docs/errors", docs.errors, name="docs-errors"),
    path("admin/", admin.site.urls),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

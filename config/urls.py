"""The whole map: pages, /api/v1/, /admin/, /health."""

from django.contrib import admin
from django.urls import include, path

from config import docs, reference
from products.views import home

admin.site.site_title = admin.site.site_header = "Pallet"
admin.site.index_title = "Operators"

urlpatterns = [
    path("api/v1/", include("jobs.urls")),  # before products/<asin> and conversion/<id>
    path("api/v1/", include("products.urls")),  # the rest in the order in which they are asked most
    path("api/v1/", include("conversion.urls")),
    path("api/v1/", include("credits.urls")),
    path("api/v1/", include("billing.urls")),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("monitoring.urls")),
    path("api/v1/", include("webhooks.urls")),
    path("", home, name="home"),
    path("api/docs/", reference.page, name="reference"),
    path("", include("api.urls")),
    path("pay/", include("billing.page_urls")),
    path("checkout/offline/", include("billing.offline.urls")),  # not there unless it is asked for
    path("docs", docs.index, name="docs"),
    path("docs/", docs.index),
    path("docs/<slug:name>", docs.page, name="docs-page"),
    path("admin/", admin.site.urls),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

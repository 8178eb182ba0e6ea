"""Where this app's calls are, below /api/v1/."""

from django.urls import path

from accounts import api, key_api

app_name = "accounts"
urlpatterns = [
    path("auth/register", api.Register.as_view(), name="register"),
    path("auth/verify", api.Verify.as_view(), name="verify"),
    path("auth/login", api.LogIn.as_view(), name="login"),
    path("auth/refresh", api.Refresh.as_view(), name="refresh"),
    path("auth/logout", api.LogOut.as_view(), name="logout"),
    path("auth/me", api.Me.as_view(), name="me"),
    path("keys", key_api.Keys.as_view(), name="keys"),
    path("keys/<uuid:key_id>", key_api.Key.as_view(), name="key"),
    path("keys/<uuid:key_id>/reroll", key_api.Reroll.as_view(), name="key-reroll"),
]

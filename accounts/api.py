"""The calls under /api/v1/auth/: sign up, log in, keep a session up, end it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import schema, services  # noqa: F401 - schema registers itself
from accounts.authentication import caller
from accounts.client_address import client_of
from accounts.serializers import (
    Credentials,
    MailSentOutput,
    MeOutput,
    NewCredentials,
    NoInput,
    Nothing,
    RefreshInput,
    SignedInOutput,
    StrictSerializer,
    VerifyInput,
)
from accounts.sessions import SignedIn

MAIL_SENT = "A mail is on its way to this address. It says how to go on."


class PublicView(APIView):
    """A call for whoever has no token yet. What stands in the Authorization header does not matter here."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Register(PublicView):
    """Sign up."""

    @extend_schema(
        operation_id="auth_register",
        request=NewCredentials,
        responses={201: SignedInOutput, 202: MailSentOutput},
    )
    def post(self, request: Request) -> Response:
        """Open an account and log in. A new account gets its welcome credits.

        Signing up again with the same password answers the same again. Where addresses must be verified
        first, the answer to every address is 202, and a mail follows.
        """
        signed_in = services.sign_up(**checked(NewCredentials, request), client=client_of(request))
        if signed_in is None:
            return Response({"message": MAIL_SENT}, status=status.HTTP_202_ACCEPTED)
        return answer(signed_in, status=status.HTTP_201_CREATED)


class Verify(PublicView):
    """Prove an address."""

    @extend_schema(operation_id="auth_verify", request=VerifyInput, responses={200: SignedInOutput})
    def post(self, request: Request) -> Response:
        """Open the account with the token that came by mail, and log in."""
        return answer(services.verify_email(**checked(VerifyInput, request), client=client_of(request)))


class LogIn(PublicView):
    """Begin a session."""

    @extend_schema(operation_id="auth_login", request=Credentials, responses={200: SignedInOutput})
    def post(self, request: Request) -> Response:
        """Log in with e-mail address and password."""
        return answer(services.log_in(**checked(Credentials, request), client=client_of(request)))


class Refresh(PublicView):
    """Keep a session up."""

    @extend_schema(operation_id="auth_refresh", request=RefreshInput, responses={200: SignedInOutput})
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for new tokens. Each is good once; using one again ends the session."""
        return answer(services.refresh(**checked(RefreshInput, request), client=client_of(request)))


class LogOut(APIView):
    """End a session. States no scope: a key has no session to end."""

    @extend_schema(operation_id="auth_logout", request=NoInput, responses={200: Nothing})
    def post(self, request: Request) -> Response:
        """End this session: its access and refresh tokens are refused from now on."""
        checked(NoInput, request)
        user, credential = caller(request)
        services.log_out(user=user, session_id=credential.id, client=client_of(request))
        return Response({})


class Me(APIView):
    """Who is calling."""

    scope = "account:read"

    @extend_schema(operation_id="auth_me", responses={200: MeOutput})
    def get(self, request: Request) -> Response:
        """Return the user this token or key belongs to."""
        return Response(MeOutput({"user": request.user}).data)


def checked(form: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """Return the body in the form's terms. Raises DRF's ValidationError."""
    filled = form(data=request.data)
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


def answer(signed_in: SignedIn, *, status: int = status.HTTP_200_OK) -> Response:
    """Return the tokens, for no cache to keep (RFC 6749 5.1)."""
    return Response(SignedInOutput(signed_in).data, status=status, headers={"Cache-Control": "no-store"})

"""Every setting, grouped. The only reader of the environment; each variable stands in `.env.example`.

With DATABASE_URL and REDIS_URL unset, the addresses are those of the embedded servers of `config/engines.py`.
Nothing here starts a process.
"""

import hmac
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ

from providers.order import names_in

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
ENV_FILE = BASE_DIR / env("ENV_FILE", default=".env")  # a variable that is set already wins
if ENV_FILE.exists():
    env.read_env(str(ENV_FILE))

# --- where things are ---------------------------------------------------------------------------------------

DATA_DIR = Path(env("PALLET_DATA_DIR", default=str(BASE_DIR / ".data"))).absolute()
SOCKET_DIR = DATA_DIR / "s"  # short: a Unix socket's path may have 107 bytes
HOST = env("HOST", default="127.0.0.1")  # the address and port that the web server listens on
PORT = env.int("PORT", default=8000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
WORKER_THREADS = env.int("WORKER_THREADS", default=8)  # pieces of work that the worker does at once
LOCAL_NAME = "localhost" if HOST in ("127.0.0.1", "::1") or not HOST.strip("0.:") else HOST
LOCAL_URL = f"http://{LOCAL_NAME}:{PORT}"
PUBLIC_URL = (env("PUBLIC_URL", default="") or LOCAL_URL).rstrip("/")  # how people reach this install


def local_secret(path: Path) -> str:
    """A random key kept in the data folder for installs that set no SECRET_KEY; its owner may read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


SECRET_KEY_IS_LOCAL = not env("SECRET_KEY", default="")
SECRET_KEY = env("SECRET_KEY", default="") or local_secret(DATA_DIR / "secret_key")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver", HOST])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # CIDRs whose X-Forwarded-For is believed

# --- the apps -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "accounts",
    "credits",
    "api",
    "products",
    "conversion",
    "jobs",
    "webhooks",
    "billing",
    "billing.offline",
    "providers",
    "monitoring",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "djstripe",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "api.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "api.idempotency.IdempotencyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.browser.SessionMiddleware",  # Django's, for pages only; so are the next three
    "config.browser.CsrfViewMiddleware",
    "config.browser.AuthenticationMiddleware",
    "config.browser.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- engines ------------------------------------------------------------------------------------------------

DATABASE_URL = env("DATABASE_URL", default="")
EMBEDDED_POSTGRES = not DATABASE_URL
PREPARE_NEVER_BY_COUNT = 1_000_000_000
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=10)  # connections per process
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(DATABASE_URL)
    if DATABASE_URL
    else {"HOST": str(SOCKET_DIR), "NAME": "pallet", "USER": "pallet"}
}
DATABASES["default"] |= {
    "ENGINE": "config.postgres",  # Django's, not waited for while PostgreSQL is away
    "CONN_MAX_AGE": 0,  # a connection goes back to the pool when a request ends
    "OPTIONS": {
        "connect_timeout": 2,
        **DATABASES["default"].get("OPTIONS", {}),
        # Whoever has waited for `timeout` looks whether PostgreSQL lives, and waits on if it does. A
        # connection that was lost is made anew when it is wanted, not after pauses that grow.
        "pool": {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 1, "reconnect_timeout": 1},
        # Only what asks for it (credits/statements.py) is prepared on the server, however often it runs.
        "prepare_threshold": PREPARE_NEVER_BY_COUNT if env.bool("DATABASE_PREPARED", default=True) else None,
    },
}

REDIS_DB = env.int("REDIS_DB", default=0)
EMBEDDED_REDIS = not env("REDIS_URL", default="")
REDIS_URL = env("REDIS_URL", default="") or f"unix://{quote(str(SOCKET_DIR / 'redis.sock'))}?db={REDIS_DB}"
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pallet",
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",  # never pickle
            "CONNECTION_POOL_CLASS": "config.redis_pool.Pool",
            "SOCKET_CONNECT_TIMEOUT": 0.3,  # seconds, paid by one caller now and then while Redis hangs
            "SOCKET_TIMEOUT": 0.4,
        },
    }
}
# Where attempts to sign up and log in are counted: in Redis, in the process's memory while Redis is away.
CACHES["limits"] = CACHES["default"] | {"BACKEND": "accounts.caching.LimitsCache"}
RATELIMIT_USE_CACHE = "limits"

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="") or (
    REDIS_URL
    if "://" in REDIS_URL and not REDIS_URL.startswith("unix:")
    else f"redis+socket://{quote(str(SOCKET_DIR / 'redis.sock'))}?virtual_host={REDIS_DB}"
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True  # rows hold the state, a task is an address and a call
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# Operations have their queues, so that a long job stands in nobody's way. A worker takes from all in turn, or
# with --queues from some.
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {
    "celery": {},
    "bulk.product": {},
    "bulk.conversion": {},
    "webhooks": {},
}
CELERY_TASK_ROUTES = {"webhooks.tasks.deliver*": {"queue": "webhooks"}}
CELERY_BROKER_TRANSPORT_OPTIONS = {  # whoever sends a task does not wait for a Redis that is away
    "max_retries": 1,
    "interval_start": 0,
    "connect_retries_timeout": 0.5,
    "socket_connect_timeout": 0.5,
}
CELERY_BEAT_SCHEDULE = {
    "release-expired-holds": {"task": "credits.tasks.release_expired_holds", "schedule": 30.0},
    "prune-calls": {"task": "api.tasks.prune_calls", "schedule": 600.0},
    "prune-upstream-calls": {"task": "monitoring.tasks.prune_upstream_calls", "schedule": 600.0},
    "give-back-unanswered": {"task": "products.tasks.give_back_unanswered", "schedule": 300.0},
    "refresh-popular": {"task": "products.tasks.refresh_popular", "schedule": 60.0},
    "sync-due-inventories": {"task": "conversion.tasks.sync_due_inventories", "schedule": 900.0},
    "deliver-due-webhooks": {
        "task": "webhooks.tasks.deliver_due",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "prune-webhooks": {"task": "webhooks.tasks.prune", "schedule": 600.0},
    "sweep-stripe-inbox": {"task": "billing.tasks.sweep_inbox", "schedule": 60.0},
    "send-due-payment-mails": {"task": "billing.tasks.send_due_mails", "schedule": 60.0},
    "top-up-accounts": {
        "task": "billing.tasks.top_up_due",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "resume-top-ups": {"task": "billing.tasks.resume_top_ups", "schedule": 60.0},
    "reconcile-with-stripe": {"task": "billing.tasks.reconcile", "schedule": 3600.0},
    "forget-old-stripe-events": {"task": "billing.tasks.forget_old_events", "schedule": 3600.0},
    "forget-old-mirrored-events": {
        "task": "billing.tasks.forget_old_mirrored_events",
        "schedule": 3600.0,
    },
    "fold-ledger": {"task": "credits.tasks.fold_ledger", "schedule": 60.0},
    "sweep-stalled": {
        "task": "jobs.tasks.sweep_stalled",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "prune-jobs": {"task": "jobs.tasks.prune_jobs", "schedule": 3600.0},
    "forget-old-idempotent-requests": {
        "task": "api.tasks.forget_old_idempotent_requests",
        "schedule": 3600.0,
    },
}

# --- who is calling -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.EmailBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "AUDIENCE": "pallet-api",
    "ISSUER": "pallet",
    "USER_ID_CLAIM": "sub",
    "LEEWAY": 10,
}
EMAIL_VERIFICATION = env("EMAIL_VERIFICATION", default="none")  # or "mandatory": before an account opens
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_VERIFICATION == "mandatory" else "none"
ACCOUNT_PREVENT_ENUMERATION = True
LOGIN_URL = "/admin/login/"

# How often something may be tried: per client address ("ip") and per e-mail address ("email").
RATE_LIMITS = {
    "auth.register": {"ip": "60/h", "email": "10/h"},
    "auth.login": {"ip": "100/h", "email": "20/h"},
    "credits.checkout": {"email": "60/h"},
    "credits.cards": {"email": "120/h"},
}

EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Pallet <pallet@localhost>")
EMAIL_HOST = env("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)  # STARTTLS, as a rule on port 587
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)  # as a rule on port 465
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)  # seconds for each answer of the mail server
EMAIL_FILE_PATH = env("EMAIL_FILE_PATH", default=str(DATA_DIR / "mail"))  # for the backend that writes files
ANYMAIL = env.json("ANYMAIL", default={})  # for the backends of django-anymail, which is to be installed
if EMAIL_BACKEND.startswith("anymail."):
    INSTALLED_APPS.append("anymail")

# --- money --------------------------------------------------------------------------------------------------

WELCOME_CREDITS = env.int("WELCOME_CREDITS", default=10)
CREDIT_PRICES = {"product.lookup": 1, "product.offers": 1, "product.reviews": 1, "conversion.fnsku": 2}
CREDIT_PACKAGES = [
    {"id": "starter", "credits": 100, "price_cents": 1000, "currency": "USD"},
    {"id": "professional", "credits": 500, "price_cents": 4500, "currency": "USD"},
    {"id": "business", "credits": 1000, "price_cents": 8000, "currency": "USD"},
    {"id": "enterprise", "credits": 5000, "price_cents": 35000, "currency": "USD"},
]
# Many codes in one call; docs/jobs.md.
BULK = {
    "max_rows": env.int("BULK_MAX_ROWS", default=50_000),
    "max_bytes": env.int("BULK_MAX_BYTES", default=64 * 1024 * 1024),  # of a file
    "max_json_bytes": 16 * 1024 * 1024,
    "at_once": env.int("BULK_AT_ONCE", default=16),  # chunks of an operation under way, on all workers
    "batch": env.int("BULK_BATCH", default=100),  # rows of a chunk, where the upstream takes no fewer
    "lease_seconds": env.int("BULK_LEASE_SECONDS", default=90),  # then a chunk is another worker's
    "seconds": env.int("BULK_SECONDS", default=7 * 24 * 3600),  # then a job ends, answered or not
    "keep_days": env.int("BULK_KEEP_DAYS", default=30),  # so long results are kept after a job's end
}
KEY_CAPS = "credits.caps"  # the module that counts what is spent with an API key
HOLD_SECONDS = 300  # a hold whose process died is released after this
# Feedback on conversions; docs/feedback.md says why.
FEEDBACK = {
    "free_refunds": env.int("FEEDBACK_FREE_REFUNDS", default=3),  # in 30 days, however few answers are paid
    "refund_share": env.float("FEEDBACK_REFUND_SHARE", default=0.25),  # and of those that are
    "contradicted_rejections": 3,  # so many, and more than are borne out: the account is not believed
    "shared_by": 2,  # so many accounts must say what a code means before it may answer others
}

# Stripe: docs/billing.md. The API version is the one that the pinned SDK speaks; `check` says when they part.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_LIVE_MODE = env.bool("STRIPE_LIVE_MODE", default=False)
STRIPE_WEBHOOK_SECRETS = env.list(
    "STRIPE_WEBHOOK_SECRETS", default=[]
)  # any of them; two while one is rolled
STRIPE_API_VERSION = "2026-08-26.dahlia"
STRIPE_API_URL = env("STRIPE_API_URL", default="https://api.stripe.com").rstrip("/")
# Whether a stand-in answers for Stripe and gives credits for nothing: billing/offline. Its key opens nothing;
# with its secret, which nobody else has, it signs what it sends to the inbox.
BILLING_OFFLINE_IS_SET = bool(env("BILLING_OFFLINE", default=""))
BILLING_OFFLINE = BILLING_OFFLINE_IS_SET and env.bool("BILLING_OFFLINE")
OFFLINE_STRIPE_KEY = "sk_test_" + "offline" * 4
OFFLINE_WEBHOOK_SECRET = "whsec_" + hmac.digest(SECRET_KEY.encode(), b"offline checkout", "sha256").hex()
if BILLING_OFFLINE and not (STRIPE_SECRET_KEY or STRIPE_WEBHOOK_SECRETS or STRIPE_LIVE_MODE):
    STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRETS = OFFLINE_STRIPE_KEY, [OFFLINE_WEBHOOK_SECRET]
    STRIPE_API_URL = "http://offline.invalid"  # leads nowhere, should the stand-in not be asked
STRIPE_AUTOMATIC_TAX = env.bool("STRIPE_AUTOMATIC_TAX", default=False)
# A saved card is charged the bare price: whoever must add tax to each sale does not offer that.
AUTO_TOP_UPS = env.bool("AUTO_TOP_UPS", default=not STRIPE_AUTOMATIC_TAX)
STRIPE_PROMOTION_CODES = env.bool("STRIPE_PROMOTION_CODES", default=False)
STRIPE_INVOICES = env.bool("STRIPE_INVOICES", default=False)
STRIPE_EVENT_DAYS = env.int("STRIPE_EVENT_DAYS", default=90)  # each event is kept that long
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
MIGRATION_MODULES = {"djstripe": "billing.mirror_migrations"}  # dj-stripe's own, and one that sums them up

# --- upstreams ----------------------------------------------------------------------------------------------


def accounts(name: str, backend: str, **options: tuple[str, Any]) -> list[dict[str, Any]]:
    """The entries of an upstream: one for each account there.

    Each option is read from its variable. The first is the credential: where it is set with _2 to _9 behind
    its name, that is one more account, whose other options are those of the first unless they are set alike.
    """
    credential = next(iter(options.values()))[0]
    more = [f"_{number}" for number in range(2, 10) if env(f"{credential}_{number}", default="")]
    return [
        {"NAME": name, "ACCOUNT": int(suffix[1:] or 1), "BACKEND": f"providers.{backend}"}
        | {"OPTIONS": {option: option_of(*read, suffix) for option, read in options.items()}}
        for suffix in ("", *more)
    ]


def option_of(variable: str, default: Any, suffix: str) -> Any:
    """An option of an account, of its default's type."""
    usual = env(variable, cast=type(default), default=default)
    return env(f"{variable}{suffix}", cast=type(default), default=usual) if suffix else usual


KNOWN_PROVIDERS: dict[str, list[dict[str, Any]]] = {
    "keepa": accounts(
        "keepa",
        "keepa.provider.KeepaProvider",
        api_key=("KEEPA_API_KEY", ""),
        base_url=("KEEPA_URL", "https://api.keepa.com"),
    ),
    "spapi": accounts(
        "spapi",
        "spapi.provider.SPAPIProvider",
        refresh_token=("SPAPI_REFRESH_TOKEN", ""),
        client_id=("SPAPI_CLIENT_ID", ""),
        client_secret=("SPAPI_CLIENT_SECRET", ""),
        region=("SPAPI_REGION", "NA"),
        seller_id=("SPAPI_SELLER_ID", ""),
    ),
    "rainforest": accounts(
        "rainforest", "rainforest.provider.RainforestProvider", api_key=("RAINFOREST_API_KEY", "")
    ),
    "asindata": accounts(
        "asindata", "rainforest.provider.ASINDataProvider", api_key=("ASINDATA_API_KEY", "")
    ),
    "creators": accounts(
        "creators",
        "creators.provider.CreatorsProvider",
        credential_id=("CREATORS_CREDENTIAL_ID", ""),
        credential_secret=("CREATORS_CREDENTIAL_SECRET", ""),
        version=("CREATORS_VERSION", "3.1"),
        partner_tag=("CREATORS_PARTNER_TAG", ""),
        accepts_licence=("CREATORS_ACCEPT_LICENCE", False),
    ),
    "fnskutoasin": accounts(
        "fnskutoasin", "fnskutoasin.provider.FnskuToAsinProvider", api_key=("FNSKUTOASIN_API_KEY", "")
    ),
    "sample": accounts("sample", "sample.provider.SampleProvider", latency_ms=("SAMPLE_LATENCY_MS", 0)),
}
# When PROVIDERS is not set: those that have a credential, in this order. Creators is for who asks for it.
REAL_PROVIDERS = ("spapi", "keepa", "rainforest", "asindata", "fnskutoasin")
HAVE_CREDENTIALS = [
    name for name in REAL_PROVIDERS if next(iter(KNOWN_PROVIDERS[name][0]["OPTIONS"].values()))
]
ORDER = env("PROVIDERS", default=",".join(HAVE_CREDENTIALS) or "sample")
USUAL_PROVIDERS, _, PROVIDER_RULES = ORDER.partition(";")
NAMED_PROVIDERS = list(names_in(USUAL_PROVIDERS))
NAMED_BY_RULES = [name for rule in PROVIDER_RULES.split(";") for name in names_in(rule.partition("=")[2])]


def entries_of(names: list[str]) -> list[dict[str, Any]]:
    """The entries of these upstreams; a name that means none has one that the checks refuse."""
    nobody = [{"NAME": "", "BACKEND": "", "OPTIONS": {}}]
    return [entry | {"NAME": name} for name in names for entry in KNOWN_PROVIDERS.get(name, nobody)]


PROVIDERS = entries_of(NAMED_PROVIDERS)
PROVIDERS_BY_RULE = entries_of([n for n in dict.fromkeys(NAMED_BY_RULES) if n not in NAMED_PROVIDERS])
PRODUCT_STORE = "products.store.RedisThenPostgres"  # where answers about products are kept between calls
PRODUCT_SHOWN = "products.shown.shown"  # how a product is told where it is part of another answer
BULK_OPERATIONS = {  # what jobs do with many at once (api.bulk)
    "product.lookup": "products.bulk.ProductLookups",
    "conversion.fnsku": "conversion.bulk.Conversions",
}
SPAPI_CLIENT_ID = env("SPAPI_CLIENT_ID", default="")  # the application that customers let read their stock
SPAPI_CLIENT_SECRET = env("SPAPI_CLIENT_SECRET", default="")
SPAPI_SESSION: dict[str, Any] = {}  # more options of providers.spapi.session.Session, such as other addresses
UPSTREAM_DEADLINE_SECONDS = 60  # for one question, however many upstreams are asked
PRODUCT_FRESH_SECONDS = 3600
PRODUCT_STALE_SECONDS = 24 * 3600
PRODUCT_NOT_FOUND_SECONDS = 600
# What is asked most is asked for anew before it is too old: so many products a minute at most, each of which
# costs upstream what a lookup costs. 0: none.
PRODUCT_REFRESH_BUDGET = env.int("REFRESH_BUDGET", default=0)
PRODUCT_REFRESH_AHEAD_SECONDS = env.int("REFRESH_AHEAD_SECONDS", default=300)
UPSTREAM_CALL_DAYS = env.int("UPSTREAM_CALL_DAYS", default=30)  # each call to an upstream is kept that long

# --- what customers are told --------------------------------------------------------------------------------

# The pause before each attempt, in seconds, give or take a tenth. At the shortest they are 76 hours in all.
WEBHOOK_RETRY_SECONDS = (0, 30, 120, 600, 1800, 7200, 21_600, 50_400, 100_800, 122_400)
WEBHOOK_CONNECT_SECONDS = 5.0  # for the name, and again for the connection
WEBHOOK_TOTAL_SECONDS = 15.0  # for an attempt as a whole
WEBHOOK_MOST_ENDPOINTS = 10  # of one account
WEBHOOK_ROTATION_HOURS = 24  # so long the secret from before signs as well
WEBHOOK_FAILING_DAYS = 5  # an endpoint to which all has failed for so long is disabled
WEBHOOK_DAYS = env.int(
    "WEBHOOK_DAYS", default=30
)  # events and the log of their deliveries are kept that long
# Lets webhooks lead to this machine and its network, without TLS: for trying things out, and nowhere else.
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", default=False)

# --- the API ------------------------------------------------------------------------------------------------

# Requests and seconds. A call with a key counts for the key and for its user, one without credential for the
# client's address; a session counts for its user.
API_RATE_LIMITS = {
    "key": (env.int("LIMIT_PER_KEY", default=1200), 60),
    "user": (env.int("LIMIT_PER_USER", default=2400), 60),
    "address": (env.int("LIMIT_PER_ADDRESS", default=300), 60),
}

API_MAX_BODY_BYTES = 1_000_000
INVENTORY_MAX_BYTES = 64_000_000  # of a report of one's own stock, which goes to disk
INVENTORY_MAX_ROWS = 200_000
API_CALL_DAYS = env.int("API_CALL_DAYS", default=90)  # each call is kept that long; the sums of days for good
IDEMPOTENCY_HOURS = 72  # so long the answer to an Idempotency-Key is kept
IDEMPOTENCY_LEASE_SECONDS = 120  # an attempt that has not ended by then has died; no upstream takes as long
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.admission.Admission"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.permissions.InScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["api.admission.Everybody"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.ContentNegotiation",
    "DEFAULT_PAGINATION_CLASS": "api.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pallet",
    "DESCRIPTION": "Amazon product data by ASIN, and ASINs by FNSKU, paid with prepaid credits.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "KeyStatusEnum": "accounts.key_serializers.STATUSES",
        "JobStatusEnum": "jobs.models.Job.Status",
        "RowStatusEnum": "jobs.results.STATUSES",
        "PurchaseStatusEnum": "billing.models.CreditOrder.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "config.described.mark_successes",
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.described.complete",
    ],
}

# --- logs: JSON, one line each, never with a secret ---------------------------------------------------------

LOG_LEVEL = env("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "api.logging.formatter"},
        "bare": {"()": "api.logging.bare_formatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json"},
        "access": {"class": "logging.StreamHandler", "formatter": "bare"},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "pallet.access": {"handlers": ["access"], "propagate": False},  # a line for each request
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "stripe": {"level": "WARNING"},  # it tells two lines for each call
        "django.request": {"level": "ERROR"},  # each request has its line already
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anyone can send one, and it is answered
    },
}

# --- the browser --------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # served from where they lie: no collectstatic to forget
SECURE_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

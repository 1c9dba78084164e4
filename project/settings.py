"""Django's settings; what an operator may change comes from the environment."""

from __future__ import annotations

from pathlib import Path

from project import environment

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = environment.data_dir(BASE_DIR)

SECRET_KEY = environment.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = environment.secret_keys("SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("DEBUG", default=False)
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
ROOT_PATH = environment.root_path()
FORCE_SCRIPT_NAME = ROOT_PATH or None

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "realtime",
    "accounts",
    "chat",
    "schema",
]

MIDDLEWARE = [
    "project.headers.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "project.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.BearerTokenMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environment.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_HOSTS = environment.redis_hosts()
REDIS_PREFIX = environment.text("REDIS_PREFIX", "anteroom")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": REDIS_HOSTS, "prefix": REDIS_PREFIX},
    }
    if REDIS_HOSTS
    else {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": 10_000},
    },
}

LIMITED = environment.switch("LIMITS", default=True)
"""Whether what one client does is counted; the bounds of requests and sockets hold anyway."""

REQUEST_HEAD_BYTES = 64 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
WEB_SOCKET_MESSAGE_BYTES = 256 * 1024
"""As much as one HTTP request."""
REQUEST_TIMEOUT = environment.integer("REQUEST_TIMEOUT", 30, lowest=1, highest=3600)
"""Seconds that a connection may be silent at first, and a request or a message may take to come."""

HTTPS = environment.flag("HTTPS", default=False)
"""Whether browsers come through a proxy's TLS alone; uvicorn believes the proxy's word for it."""
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"(^|/)(healthz|readyz)$"]  # who asks for them comes past the proxy
SECURE_HSTS_SECONDS = environment.integer(
    "HSTS_SECONDS", 31_536_000 if HTTPS else 0, lowest=0, highest=63_072_000
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("HSTS_SUBDOMAINS", default=HTTPS)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS  # no list takes a name without those below it

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = ROOT_PATH or "/"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

GRAPHQL_DOCUMENTS = environment.directory("GRAPHQL_DOCUMENTS")
GRAPHQL_DOCUMENTS_ONLY = environment.flag("GRAPHQL_DOCUMENTS_ONLY", default=False)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

_FRONTEND = BASE_DIR / "frontend_examples"
PLAIN = _FRONTEND / "plain"
WEB_CLIENT = environment.built("WEB_CLIENT", _FRONTEND / "apollo" / "dist")
GRAPHIQL = environment.built("GRAPHIQL", _FRONTEND / "graphiql" / "dist")

STATIC_URL = f"{ROOT_PATH}/static/"
STATICFILES_DIRS = [("plain", PLAIN), *([("graphiql", GRAPHIQL)] if GRAPHIQL else [])]
WHITENOISE_ROOT = WEB_CLIENT
WHITENOISE_IMMUTABLE_FILE_TEST = r"/assets/.+-[\w-]{8}\.\w+$"  # as Vite names what it hashes
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "once": {"()": "project.logs.OncePerTrouble"},
        "news": {"()": "project.logs.News"},
        "refusals": {"()": "project.logs.Refusals"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refusals"],
        }
    },
    "loggers": {
        **{name: {"filters": ["once"]} for name in ("channels_redis.pubsub", "psycopg.pool")},
        "django.request": {"filters": ["news"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
}

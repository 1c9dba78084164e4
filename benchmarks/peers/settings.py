"""A Django project as small as the documentation of Channels has it, on the same servers."""

from __future__ import annotations

import os
from pathlib import Path

from project import environment

SECRET_KEY = os.environ["SECRET_KEY"]
INSTALLED_APPS = ["channels", "benchmarks.peers"]
DATABASES = {"default": environment.database(Path(os.environ["DATA_DIR"]))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
# Of what a new project has, only what answers with a length; a new one also has sessions.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "benchmarks.peers.strawberry_django_views"
ALLOWED_HOSTS = ["127.0.0.1"]

# Not RedisChannelLayer, which drops what goes beyond 100 messages a process (its default
# capacity): a benchmark of what arrives would be one of what is lost.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")]},
    }
}

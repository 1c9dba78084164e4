from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        from realtime import conf, epoch

        conf.limits()
        post_migrate.connect(epoch.ensure, sender=self)

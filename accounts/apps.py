from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import rates, seats, signals

        rates.limits()
        seats.limits()
        signals.connect()

from django.apps import AppConfig


class SchemaConfig(AppConfig):
    name = "schema"

    def ready(self) -> None:
        from schema import conf, trusted_documents

        conf.limits()
        trusted_documents.trusted()

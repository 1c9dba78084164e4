from __future__ import annotations

from tests.schema.conftest import quiet, server

__all__ = ["quiet", "server"]

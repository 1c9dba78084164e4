"""Say what keeps the browser tests from running; that is an error where ``CI`` is true."""

from __future__ import annotations

import sys

from tests.browser.needs import must_run, what_is_missing

if missing := what_is_missing():
    sys.stdout.write(f"The browser tests are left out. {missing}\n")
    sys.exit(must_run())

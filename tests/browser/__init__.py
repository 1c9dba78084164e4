"""Tests of the pages in Chromium; ``python -m tests.browser`` says whether they can run here."""

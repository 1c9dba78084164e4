from __future__ import annotations

import pytest

from accounts.addresses import neighbourhood


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
        ("unix:", "unix:"),
        ("x" * 1_000, "x" * 64),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(host: str, expected: str) -> None:
    assert neighbourhood(host) == expected

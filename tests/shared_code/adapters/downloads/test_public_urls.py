"""Every known way around a check of URLs; none of them gets through."""

import pytest

from shared_code.adapters.downloads.public_urls import is_public_address, parse_public_url
from shared_code.domain.errors import Unprocessable


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("https://cdn.example.com/a.jpg", "cdn.example.com", "/a.jpg"),
        ("https://CDN.Example.COM:443", "cdn.example.com", "/"),
        ("https://cdn.example.com./a", "cdn.example.com", "/a"),
        ("https://cdn.example.com/a b/größe.jpg?w=1&x=%20y", "cdn.example.com",
         "/a%20b/gr%C3%B6%C3%9Fe.jpg?w=1&x=%20y"),
        ("https://bücher.example/a", "xn--bcher-kva.example", "/a"),
        ("  https://a.b-c.example/#part", "a.b-c.example", "/"),
    ],
)  # fmt: skip
def test_urls_of_public_servers(url, host, target):
    parsed = parse_public_url(url)
    assert (parsed.host, parsed.port, parsed.target) == (host, 443, target)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example.com/a.jpg",
        "ftp://cdn.example.com/a.jpg",
        "file:///etc/passwd",
        "gopher://cdn.example.com/",
        "//cdn.example.com/a.jpg",
        "cdn.example.com/a.jpg",
        "",
        "https://",
        "https:///a.jpg",
        "https://user@cdn.example.com/",
        "https://user:secret@cdn.example.com/",
        "https://cdn.example.com@127.0.0.1/",
        "https://127.0.0.1\\@cdn.example.com/",
        "https://cdn.example.com:8443/",
        "https://cdn.example.com:22/",
        "https://cdn.example.com:99999/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127。0。0。1/",
        "https://127.0.0.1./",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://8.8.8.8/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://a.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://router/",
        "https://.example.com/",
        "https://a..example.com/",
        "https://exa mple.com/",
        "https://example.com%2f@127.0.0.1/",
        "https://example.com\r\nHost: 127.0.0.1/",
        "https://example.com/a\tb",
        "https://example.com/\x00",
        "https://-a.example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://example.com/" + "a" * 2_000,
    ],
)
def test_urls_that_do_not_lead_to_a_public_server_are_refused(url):
    with pytest.raises(Unprocessable):
        parse_public_url(url)


def test_a_line_break_in_a_path_goes_nowhere():
    with pytest.raises(Unprocessable):
        parse_public_url("https://example.com/a\r\nx: y")
    assert "\r" not in parse_public_url("https://example.com/a%0d%0ax").target


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255",
        "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
        "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:0808:0808::",
        "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1", "2606:4700::1%eth0", "", "not an address",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_addresses_that_are_public(address):
    assert is_public_address(address)

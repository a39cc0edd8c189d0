"""Addresses inside of texts are found, and nothing else is taken for one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from glue_jobs.enrich.readers.address import NOBODYS, may_hold_address, plain_address, prefix_of, replace_addresses


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("192.0.2.7", "<192.0.2.7>"),
        ('{"ip":"192.0.2.7","n":1}', '{"ip":"<192.0.2.7>","n":1}'),
        ("192.0.2.7, 2001:DB8::7", "<192.0.2.7>, <2001:db8::7>"),
        ("http://192.0.2.7:8080/a?b=192.0.2.8.", "http://<192.0.2.7>:8080/a?b=<192.0.2.8>."),
        ("[2001:db8::7]:443", "[<2001:db8::7>]:443"),
        ("from 2001:db8:0:0:0:0:0:7: denied", "from <2001:db8::7>: denied"),
        ("::ffff:192.0.2.7", "<192.0.2.7>"),
        ("/v192.0.2.4/ and 192.0.2.4.5 and 192.0.2.300", None),
        ("arn:aws:s3:::b/k AWS::S3::Object arn:aws:iam::111122223333:root", None),
        ("2024-05-07T08:09:10Z 12:30:45", None),
        ("192.0.2.0/24 2001:db8::/32", None),
        ("192.0.2.7/24 192.0.2.7/32", "<192.0.2.7>/24 <192.0.2.7>/32"),
        ("http://127.0.0.1:8888/ ::1", None),
        ("?ip=2001%3Adb8%3A%3A7&t=12%3A30%3A45", "?ip=<2001:db8::7>&t=12%3A30%3A45"),
        ("?u=https%3A%2F%2Fexample.com%3Fip%3D192.0.2.7%26x", "?u=https%3A%2F%2Fexample.com%3Fip%3D<192.0.2.7>%26x"),
        ("?u=%253Fip%253D2001%253adb8%253a%253a7%2526", "?u=%253Fip%253D<2001:db8::7>%2526"),
        ("?u=ip%3D2001:db8::7%20from%20192.0.2.7", "?u=ip%3D<2001:db8::7>%20from%20<192.0.2.7>"),
        ("?v=%3Dv1.192.0.2&arn%3Aaws%3As3%3A%3A%3Ab&c=%253A%253A%253Ab", None),
    ],
)
def test_addresses_in_texts(text: str, hidden: str | None) -> None:
    assert replace_addresses(text, lambda address: f"<{address}>") == (hidden or text)


@given(
    st.ip_addresses().map(str) | st.ip_addresses(v=6).map(lambda each: each.exploded),
    st.sampled_from(['"', " ", "=", ",", "[", "(", "/", "%3D", "%20", "%253d"]),
    st.sampled_from(['"', " ", "&", ",", "]", ")", ";", "", ". ", "%26", "%2526"]),
    st.sampled_from([":", "%3A", "%3a", "%253A"]),
)
# With the digits of the blank before it, it would be another address.
@example(".".join("3007"), "%20", "&", ":")
def test_an_address_is_found_wherever_it_stands(address: str, before: str, after: str, colon: str) -> None:
    text = f"x{before}{address.replace(':', colon)}{after}"
    assume(plain_address(address) not in NOBODYS)
    assert replace_addresses(text, lambda _: "-") == f"x{before}-{after}"
    assert may_hold_address(pa.array([text, None])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("nothing", None),
    ],
)
def test_the_network_of_an_address(address: str, prefix: str | None) -> None:
    assert prefix_of(address) == prefix

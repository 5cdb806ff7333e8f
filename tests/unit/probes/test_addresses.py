"""Which addresses may be asked."""

import ipaddress

import pytest

from rollbook.probes.addresses import Forbidden, target


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://localhost/",
        "http://[fd00::1]/",
    ],
)
async def test_a_private_address_is_not_asked_however_it_is_written(url: str) -> None:
    with pytest.raises(Forbidden, match=r"private address|not known"):
        await target(url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "http://a:b@1.1.1.1/", "ftp://x"])
async def test_what_is_no_address_of_the_web_is_not_asked(url: str) -> None:
    with pytest.raises(Forbidden, match="its URL is not one of http"):
        await target(url)


async def test_a_public_address_is_asked_and_a_private_one_if_it_is_allowed() -> None:
    to = await target("https://1.1.1.1:8443/gate?x=1")
    assert (str(to.url), to.host) == ("https://1.1.1.1:8443/gate?x=1", "1.1.1.1:8443")
    allowed = [ipaddress.ip_network("127.0.0.0/8")]
    assert (await target("http://127.0.0.1:9/", allowed)).url.host == "127.0.0.1"

"""Pictures put in and addresses in prompts: what a server takes, and why it does not take the rest.
Never here: who is told (tests/services/servers/test_prompt_policy.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.inputs import MEGABYTE
from bot.domain.servers.image_rules import (
    ImageFacts,
    ImageKind,
    ImagePolicy,
    check_inputs,
    hosts_in,
    read_host,
)
from bot.errors import UserError
from tests.ui.client_harness import CATALOGUES

CAT = ImageFacts("cat.png", "image/png", 3 * MEGABYTE)
HERE = (5, 6, 7)
"""A thread, its channel, the category."""
LINKED = "https://s.mj.run/abc a fox --sref <https://cdn.example.org:8443/x.png?y=1>"


def refused(policy: ImagePolicy, *, prompt: str | None = None, adult: bool = False) -> str | None:
    images = [CAT] if prompt is None else []
    try:
        check_inputs(policy, images=images, prompt=prompt, lineage=HERE, age_restricted=adult)
    except UserError as error:
        return error.text.id
    return None


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (ImagePolicy(), None),
        (ImagePolicy(on=False), "refused.images_off"),
        (ImagePolicy(channels=(8,)), "refused.images_channel"),
        (ImagePolicy(channels=(7, 8)), None),
        (ImagePolicy(age_restricted=True), "refused.images_age_restricted"),
        (ImagePolicy(kinds=(ImageKind.JPEG,)), "refused.image_kind"),
        (ImagePolicy(kinds=(ImageKind.JPEG, ImageKind.PNG)), None),
        (ImagePolicy(most_mb=2), "refused.image_size"),
        (ImagePolicy(most_mb=3), None),
        (ImagePolicy(links=False), None),
    ],
)
def test_a_picture_is_taken_as_the_server_says(policy: ImagePolicy, why: str | None) -> None:
    assert refused(policy) == why


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (ImagePolicy(most_mb=2), "„my\\_cat.png“ hat 2,1 MB, und dieser Server nimmt höchstens 2 MB."),
        (ImagePolicy(kinds=(ImageKind.JPEG,)), "wie „my\\_cat.png“"),
    ],
)
def test_a_refused_picture_is_named_without_markup_and_measured_as_the_language_writes_it(
    policy: ImagePolicy, why: str
) -> None:
    cat = ImageFacts("**my_cat**.png", "image/png", 2 * MEGABYTE + 1)

    with pytest.raises(UserError) as refusal:
        check_inputs(policy, images=[cat], prompt=None, lineage=HERE, age_restricted=False)

    assert why in CATALOGUES.render(refusal.value.text, "de")


def test_an_age_restricted_channel_takes_what_others_do_not() -> None:
    assert refused(ImagePolicy(age_restricted=True), adult=True) is None


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (ImagePolicy(), None),
        (ImagePolicy(on=False), "refused.images_off"),
        (ImagePolicy(links=False), "refused.links_off"),
        (ImagePolicy(hosts_denied=("example.org",)), "refused.link_host"),
        (ImagePolicy(hosts_denied=("ample.org",)), None),
        (ImagePolicy(hosts_allowed=("mj.run",)), "refused.link_host_other"),
        (ImagePolicy(hosts_allowed=("mj.run", "example.org")), None),
        (
            ImagePolicy(hosts_allowed=("mj.run", "example.org"), hosts_denied=("cdn.example.org",)),
            "refused.link_host_other",
        ),
        (ImagePolicy(channels=(8,)), "refused.images_channel"),
    ],
)
def test_an_address_is_a_picture_too_and_its_host_is_judged(policy: ImagePolicy, why: str | None) -> None:
    assert refused(policy, prompt=LINKED) == why


def test_without_a_picture_or_an_address_nothing_is_refused() -> None:
    assert refused(ImagePolicy(on=False, links=False, channels=(8,)), prompt="a fox http: //x") is None


@pytest.mark.parametrize(
    ("prompt", "hosts"),
    [
        ("HTTPS://CDN.Example.org/a", ("cdn.example.org",)),
        ("x,https://good.org\\@evil.org", ("good.org",)),
        ("https://good.org@evil.org/", ("evil.org",)),
        ("(https://evil.org). http://a.b?c", ("evil.org", "a.b")),
        ("https://[::1]/x", ("[::1]",)),
        ("https:/evil.org/x https:evil.org/y https:\\\\evil.org", ("evil.org",) * 3),
        ("https:///evil.org/x", ("evil.org",)),
        ("https://ev%69l.org/x", ("evil.org",)),
        ("https://evil%2eorg", ("evil.org",)),
        ("\uff48ttps\uff1a\uff0f\uff0f\uff45vil\uff0eorg", ("evil.org",)),
        ("https://evil\u3002org", ("evil.org",)),
        ("https://b\u00fccher.example/x", ("xn--bcher-kva.example",)),
        ("https://good.org%40evil.org/", ("",)),
        ("https://" + "\u00fc" * 70 + ".example/", ("",)),
        ("https://EVIL.org:8443/x", ("evil.org",)),
        ("https://evil.org:x/", ("",)),
        ("a well-read https: title, http://", ("",)),
        ("https:// x", ("",)),
        ("https://good.org%2f.evil.org https://good.org%00.evil.org https://good.org%5c.evil.org", ("",) * 3),
        (
            "https://good.org:99999/ https://good.org:65535/ https://good.org:000443/",
            ("", "good.org", "good.org"),
        ),
        ("http://2130706433/ http://0x7f.1/ http://0177.0.0.1/ http://127.1/", ("",) * 4),
        ("http://127.0.0.1/ http://\u2460\u2461\u2466.0.0.1/", ("127.0.0.1",) * 2),
        ("https://user:pass@evil.org https://good.org:80@evil.org", ("evil.org",) * 2),
        ("https://good.org#@evil.org https://good.org?@evil.org", ("good.org",) * 2),
        ("https:\u2044\u2044evil.org", ("",)),
        (
            "https://3.basecamp.example/x https://1password.example",
            ("3.basecamp.example", "1password.example"),
        ),
    ],
)
def test_hosts_are_read_as_the_one_who_fetches_reads_them(prompt: str, hosts: tuple[str, ...]) -> None:
    assert hosts_in(prompt) == hosts


def test_what_cannot_be_read_is_not_among_what_is_allowed_and_is_shown_harmless() -> None:
    policy = ImagePolicy(hosts_allowed=("mj.run",))
    with pytest.raises(UserError) as refusal:
        check_inputs(policy, images=[], prompt="https://[::1]/x", lineage=HERE, age_restricted=False)

    assert refusal.value.text.args["host"] == "[::1]"
    assert refused(replace(policy, hosts_allowed=()), prompt="https://[::1]/x") is None
    assert (
        refused(replace(policy, hosts_allowed=()), prompt="https://evil.org:x/") == "refused.link_unreadable"
    )


@pytest.mark.parametrize(
    "typed", ["cdn.discordapp.com", " https://CDN.discordapp.com:443/x ", "*.cdn.discordapp.com"]
)
def test_a_host_is_read_with_whatever_stands_around_it(typed: str) -> None:
    assert read_host(typed) == "cdn.discordapp.com"


@pytest.mark.parametrize("typed", ["", "localhost", "a b.org", "@everyone", "10.0.0.1", "-x.org"])
def test_other_words_are_no_host(typed: str) -> None:
    with pytest.raises(UserError, match=r"settings\.no_host"):
        read_host(typed)

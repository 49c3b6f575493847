"""Coming in: set-up links, passwords, second steps, limits, the end of an account; and what the ledger has of it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from codes import code_of
from visiting import PASSWORD, Visitor

from c2c import audit
from integration.web_portal.conftest import Portal, environment, run_python

# What is decided above the database is tried on one; the cast of `conftest.py` comes in on both.
pytestmark = pytest.mark.parametrize("portal", ["sqlite"], indirect=True)

NEWCOMERS = ("once", "late", "careful", "deviceless", "forgetful", "guessed", "leaving", "loser", "written", "sealed")
ADD = """
import json, sys
from c2c.cli._portal import open_accounts
from c2c.plumbing.site import open_site
from pathlib import Path
site = open_site(Path(sys.argv[1]))
accounts = open_accounts(site)
made = {name: accounts.add(site, name, organisation="office", duties=["identity_steward"], actor="operator") for name in sys.argv[2:]}
print(json.dumps(made))
"""


def c2c(portal: Portal, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the operator would."""
    command = [sys.executable, "-m", "c2c.cli", *arguments, "--site", str(portal.site.root)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)


@pytest.fixture(scope="module")
def links(portal: Portal) -> dict[str, str]:
    """The path of a set-up link for each newcomer, a person to a test: their accounts are made in one process, which takes as long as one."""
    return dict(json.loads(run_python(ADD, str(portal.site.root), *NEWCOMERS)))


def test_a_set_up_link_works_once(portal: Portal, links: dict[str, str]) -> None:
    """Whoever finds an old link, or opens it twice, gets nothing; only looking at it uses nothing up."""
    path = links["once"]
    someone = Visitor(portal.address)
    assert someone.get(path).status == someone.get(path).status == 200
    someone.set_up(path)
    assert Visitor(portal.address).get(path).status == 410
    assert Visitor(portal.address).post(path, "/sign-in", password=PASSWORD, again=PASSWORD, code="000000").status == 410


def test_a_set_up_link_ends_after_a_day(portal: Portal, links: dict[str, str]) -> None:
    """A link that lay in a mailbox for more than a day opens nothing."""
    path = links["late"]
    aged = "import sys; from pathlib import Path; from c2c.plumbing.site import open_site; from c2c.cli._portal import open_accounts\nsite = open_site(Path(sys.argv[1])); a = open_accounts(site)\nprint(a.find_link(sys.argv[2]) is not None)"
    token = path.rsplit("/", 1)[-1]
    in_23, in_25 = (run_python(aged, str(portal.site.root), token, C2C_NOW=_in_hours(h)).strip() for h in (23, 25))
    assert (in_23, in_25) == ("True", "False")


def _in_hours(hours: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(hours=hours)).replace(tzinfo=None).isoformat(timespec="seconds")


def test_a_set_up_wants_a_good_password_and_the_code_of_this_very_device(portal: Portal, links: dict[str, str]) -> None:
    """A short password, two that differ, or a wrong code leave the link unused and the account closed."""
    path = links["careful"]
    someone = Visitor(portal.address)
    key = re.search(r'<code id="key">([^<]+)<', someone.get(path).text)
    assert key
    code = code_of(key.group(1).replace(" ", ""))
    for fields in (
        {"password": "short", "again": "short", "code": code},
        {"password": "password1234", "again": "password1234", "code": code},
        {"password": PASSWORD, "again": PASSWORD + "x", "code": code},
        {"password": PASSWORD, "again": PASSWORD, "code": f"{(int(code) + 1) % 1_000_000:06}"},
    ):
        page = someone.post(path, **fields)
        assert page.status == 200 and 'role="alert"' in page.text and PASSWORD not in page.text
    assert someone.sign_in("careful", "A" * 32).status == 200
    someone.set_up(path)


def test_a_password_alone_opens_nothing(portal: Portal, links: dict[str, str]) -> None:
    """Between the two steps, and without a device at all, every page leads back to the door."""
    someone = Visitor(portal.address)
    half = someone.post("/sign-in", login="steward.one", password=PASSWORD)
    assert half.leads_to == "/sign-in/code"
    assert someone.get("/queue").leads_to == "/sign-in"
    path = links["deviceless"]
    key = Visitor(portal.address).set_up(path)[0]
    inside = Visitor(portal.address)
    assert inside.sign_in("deviceless", key).leads_to == "/"
    gone = "import sys; from pathlib import Path; from c2c.plumbing.site import open_site; from c2c.cli._portal import open_accounts\nopen_accounts(open_site(Path(sys.argv[1])))\nfrom allauth.mfa.models import Authenticator\nAuthenticator.objects.filter(user__name='deviceless', type='totp').delete()"
    run_python(gone, str(portal.site.root))
    assert inside.get("/queue").leads_to == "/sign-out"
    again = Visitor(portal.address).post("/sign-in", login="deviceless", password=PASSWORD)
    assert again.status == 200 and "alert" in again.text


def test_a_recovery_code_stands_for_the_phone_once(portal: Portal, links: dict[str, str]) -> None:
    """Who left the phone at home gets in, and a code that somebody saw is worth nothing afterwards."""
    path = links["forgetful"]
    codes = Visitor(portal.address).set_up(path)[1:]
    assert len(codes) == len(set(codes)) == 10
    for expected in (302, 200):
        someone = Visitor(portal.address)
        assert someone.post("/sign-in", login="forgetful", password=PASSWORD).leads_to == "/sign-in/code"
        assert someone.post("/sign-in/code", code=codes[0]).status == expected


def test_guessing_a_password_is_stopped(portal: Portal, links: dict[str, str]) -> None:
    """After five wrong tries even the right password waits."""
    path = links["guessed"]
    Visitor(portal.address).set_up(path)
    guesser = Visitor(portal.address)
    for n in range(5):
        assert guesser.post("/sign-in", login="guessed", password=f"wrong guess {n}").status == 200
    assert guesser.post("/sign-in", login="guessed", password=PASSWORD).status == 200


def test_an_ended_account_is_out_at_once(portal: Portal, links: dict[str, str]) -> None:
    """Open pages close, the password is worth nothing, and the name is not given again."""
    path = links["leaving"]
    someone = Visitor(portal.address)
    key = someone.set_up(path)[0]
    assert someone.sign_in("leaving", key).leads_to == "/" and someone.get("/queue").status == 200
    assert c2c(portal, "user", "end", "leaving").returncode == 0
    assert someone.get("/queue").leads_to == "/sign-in"
    assert Visitor(portal.address).post("/sign-in", login="leaving", password=PASSWORD).status == 200
    assert c2c(portal, "user", "add", "leaving", "--duty", "identity_steward").returncode == 1
    listed = json.loads(c2c(portal, "user", "list", "--json").stdout)["people"]
    assert next(p for p in listed if p["name"] == "leaving") == {
        "name": "leaving", "organisation": "office", "duties": [], "state": "ended",
    }  # fmt: skip


def test_a_lost_phone_is_replaced_by_a_new_link(portal: Portal, links: dict[str, str]) -> None:
    """The old phone and the old session end when the new link is made, not when it is used."""
    path = links["loser"]
    someone = Visitor(portal.address)
    assert someone.sign_in("loser", someone.set_up(path)[0]).leads_to == "/"
    renewed = json.loads(c2c(portal, "user", "link", "loser", "--json").stdout)["link"]
    assert someone.get("/queue").leads_to == "/sign-in"
    again = Visitor(portal.address)
    assert again.sign_in("loser", again.set_up(re.sub(r"^http://[^/]+", "", renewed))[0]).leads_to == "/"


def test_duties_of_the_match_go_to_the_managing_entity_alone(portal: Portal) -> None:
    """Nobody at a partner can be made a reviewer of everybody's names by a slip."""
    done = c2c(portal, "user", "add", "outsider", "--duty", "identity_steward", "--organisation", "cde")
    assert done.returncode == 1 and "POR-006" in done.stderr
    assert c2c(portal, "user", "add", "a@b.org", "--duty", "identity_steward").returncode == 2


def test_signing_in_and_out_is_in_the_ledger_without_address_or_secret(portal: Portal, links: dict[str, str]) -> None:
    """Who came in, who failed and at which step, who left: all there, and nothing that would let another in."""
    path = links["written"]
    someone = Visitor(portal.address)
    key, *codes = someone.set_up(path)
    someone.post("/sign-in", login="written", password=PASSWORD + " not this one")
    someone.post("/sign-in", login="hunter2@example.org", password="x" * 14)
    someone.post("/sign-in", login="written", password=PASSWORD)
    someone.post("/sign-in/code", code="000000")
    someone.post("/sign-in/code", code=code_of(key))
    someone.post("/sign-out", "/")
    assert someone.get("/").leads_to == "/sign-in"
    entries = [e for e in audit.entries(portal.site) if e["event"].startswith("portal:")]
    mine = [(e["event"], e.get("step", "")) for e in entries if "written" in (e["actor"], e.get("person"))]
    assert mine == [
        ("portal:account:made", ""), ("portal:duty:given", ""), ("portal:account:set_up", ""), ("portal:signin:failed", "password"),
        ("portal:signin:failed", "code"), ("portal:signin:done", ""), ("portal:signout:done", ""),
    ]  # fmt: skip
    text = json.dumps(entries)
    assert not [s for s in (PASSWORD, key, *codes, path.rsplit("/", 1)[-1], "hunter2", "@", "not this one") if s in text]
    assert audit.verify(portal.site) is None


def test_the_database_holds_no_secret_in_the_clear(portal: Portal, links: dict[str, str]) -> None:
    """Who steals the database alone can neither make codes nor use a link."""
    path = links["sealed"]
    key, *codes = Visitor(portal.address).set_up(path)
    file = portal.site.root / "portal" / "portal.sqlite3"
    if not file.exists():
        return  # the same rows lie in PostgreSQL; what is written is decided above the database
    with sqlite3.connect(file) as opened:
        text = "\n".join(opened.iterdump())
    assert "sealed" in text and not [s for s in (key, *codes, path.rsplit("/", 1)[-1]) if s in text]
    assert oct((portal.site.root / "portal").stat().st_mode)[-3:] == "700"


def test_the_portal_refuses_to_be_reached_without_encryption(portal: Portal, tmp_path: Path) -> None:
    """No setting and no option puts passwords on a network in the clear."""
    (tmp_path / "c2c.toml").write_text('[portal]\naddress = "http://portal.example.org"\n')
    command = [sys.executable, "-m", "c2c.cli"]
    for arguments in (
        ["user", "list", "--site", str(tmp_path)],
        ["serve", "portal", "--bind", "0.0.0.0", "--site", str(portal.site.root)],  # noqa: S104 - it is refused
    ):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment(), check=False, timeout=60)
        assert done.returncode == 1 and "POR-001" in done.stderr

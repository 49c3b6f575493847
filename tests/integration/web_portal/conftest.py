"""A portal served as in production, over SQLite and over PostgreSQL, with the cast in it: owner, colleague, stranger, nobody."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(HERE))

from visiting import Visitor  # noqa: E402

from builders import a_permit, a_site, a_submission  # noqa: E402
from c2c import identity  # noqa: E402
from c2c.identity import stewardship  # noqa: E402
from c2c.plumbing.site import Site, scratch  # noqa: E402
from c2c.vocabulary import Identifiers  # noqa: E402
from journey import free_port  # noqa: E402
from spec.identity.town import townspeople  # noqa: E402

CAST = """
import json, sys
from c2c.cli._portal import open_accounts
from c2c.plumbing import clock
from c2c.plumbing.site import open_site
from pathlib import Path
site = open_site(Path(sys.argv[1]))
accounts = open_accounts(site)
paths = {
    "steward.one": accounts.add(site, "steward.one", organisation="office", duties=["identity_steward"], actor="operator"),
    "judge": accounts.add(site, "judge", organisation="office", duties=["identity_adjudicator"], actor="operator"),
    "colleague": accounts.add(site, "colleague", organisation="office", duties=["identity_steward"], actor="operator"),
    "stranger": accounts.add(site, "stranger", organisation="office", duties=["identity_steward"], actor="operator"),
}
from c2c.web.portal.models import Duty, Person
# The colleague's duty is over; the stranger is of another organisation, and has there a duty of the same name.
Duty.objects.filter(person__name="colleague").update(to_day=clock.today())
Person.objects.filter(name="stranger").update(organisation="cde")
Duty.objects.filter(person__name="stranger").update(organisation="cde")
print(json.dumps(paths))
"""


@dataclass(frozen=True)
class Portal:
    """A served portal: its site, its address, the set-up path or the second step's secret of each person."""

    site: Site
    address: str
    people: dict[str, Visitor]
    keys: dict[str, str]
    cases: list[str]


def environment(**more: str) -> dict[str, str]:
    """The environment of a command of ours, without what tests of another site have left in this process."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "C2C_SITE", "C2C_RELEASES")}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), str(HERE)])} | more


def run_python(code: str, *arguments: str, **more: str) -> str:
    """Run a piece of the portal in a process of its own: Django is set up once a process, and other tests have theirs."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment(**more), check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port; where it cannot be had these tests fail, they do not skip."""
    found = _server_tools()
    if not found:
        pytest.fail("These tests need PostgreSQL. Install it (on Debian: sudo apt-get install postgresql) and run them again.")
    tools, port = found[-1], free_port()
    # The server refuses to run as root, and its user cannot reach into the folders of the tests.
    base = Path(tempfile.mkdtemp(prefix="c2c-postgresql-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(base, user)
    _run(tools / "initdb", "-D", base / "data", "-U", "portal", "-A", "trust", "--no-sync", user=user)
    options = f"-p {port} -k {base} -h 127.0.0.1 -c fsync=off"
    _run(tools / "pg_ctl", "-w", "-D", base / "data", "-l", base / "log", "-o", options, "start", user=user)
    try:
        yield f"postgresql://portal@127.0.0.1:{port}"
    finally:
        _run(tools / "pg_ctl", "-D", base / "data", "-m", "immediate", "stop", user=user)
        shutil.rmtree(base, ignore_errors=True)


def _server_tools() -> list[Path]:
    return sorted(p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "initdb").exists())


def _run(*command: object, user: str | None = None) -> None:
    subprocess.run([str(c) for c in command], check=True, cwd="/", user=user, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal with its cast set up and signed in."""
    site = a_site(tmp_path_factory.mktemp(f"portal-{request.param}"))
    # A server in front says who asks, so that limits of one visitor are not those of all.
    said = "\n[portal]\nproxies = 1\n"
    if request.param == "postgresql":
        server, database = request.getfixturevalue("postgresql"), site.root.parent.name.replace("-", "_")
        _run(_server_tools()[-1] / "createdb", "--maintenance-db", f"{server}/postgres", database)
        said += f'database = "{server}/{database}"\n'
    with (site.root / "c2c.toml").open("a", encoding="utf-8") as settings:
        settings.write(said)
    a_match(site)
    paths = json.loads(run_python(CAST, str(site.root)))
    with served(site) as address:
        people = {name: Visitor(address) for name in (*paths, "nobody")}
        keys = {}
        for name, path in paths.items():
            keys[name] = people[name].set_up(path)[0]
            assert people[name].sign_in(name, keys[name]).leads_to == "/"
        cases = [case.case_id for case in stewardship.open_queue(site, actor="nobody", duty="steward")]
        yield Portal(site, address, people, keys, cases)


def a_match(site: Site) -> None:
    """A town matched in this site, so that cases wait: its schools' and colleges' records."""
    columns = ("first_name", "last_name", "birth_date", "street_address", "ssn")
    rows, trays = townspeople(people=240), []
    with scratch(site) as private:
        for file, begins in (("k12_person", "school"), ("ccc_person", "college")):
            mine = [r for r in rows if str(r["record_id"]).startswith(begins)]
            held = [c for c in columns if any(r.get(c) for r in mine)]
            number = "ssid" if file == "k12_person" else "ccc_student_id"
            table = pl.DataFrame(
                [
                    {"record_key": r["record_id"], "n_records": 1, number: f"{10**9 + i}"} | {c: r.get(c) for c in held}
                    for i, r in enumerate(mine)
                ]
            )
            table.write_parquet(private / f"{file}.parquet")
            trays.append(Identifiers(a_submission(file, rows=len(table)), private / f"{file}.parquet", len(table)))
        identity.resolve(site, trays, permit=a_permit(site, "identity_match"), year=2025)


class served:  # noqa: N801 - reads as a word in `with served(site) as address`
    """The portal on a free port."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __enter__(self) -> str:
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "c2c.web.portal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        # On a busy machine the first page may take longer than the half minute after which gunicorn gives a worker up.
        self._process = subprocess.Popen(
            [*command, "--timeout", "180", "--log-level", "warning"],
            env=environment(C2C_SITE=str(self._site.root)),
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise RuntimeError("the portal did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

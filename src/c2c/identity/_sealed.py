"""Where runs lie: each table sealed under its run's keys; one small file names the run in force, one the run that is held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from c2c.identity._errors import IdentityError
from c2c.plumbing import keys, storage
from c2c.plumbing.site import Site, write_bytes

HOLDER = "room/identity"
NAMES = "-names"
"""Tables with names lie under a key of their own, `<run>-names`, which goes when the next run is in force."""


def current_run(site: Site) -> str:
    """The id of the run in force. Raises IDN-001 when no match was made, IDN-034 when the first is held."""
    if run_id := _named_by(site, "current"):
        return run_id
    if waiting := held_run(site):
        raise IdentityError(
            "IDN-034",
            where=f"run {waiting}",
            what="the first match is held, and none is in force until somebody signs for it",
            remedy="See why with `c2c match report`, or in the portal; sign there, or with `c2c match accept RUN --reason TEXT`.",
        )
    raise IdentityError(
        "IDN-001", where="identity/current", what="no match has been made yet", remedy="Run the year, or `c2c year run`."
    )


def held_run(site: Site) -> str:
    """The id of the run that waits for a signature, or "". Once a later run, or this one, is in force, nothing waits.

    Told from two small files of which each is written in one step, so that a stop leaves no run half held.
    """
    run_id = _named_by(site, "held")
    return run_id if _number(run_id) > _number(_named_by(site, "current")) else ""


def take_over(site: Site, run_id: str) -> None:
    """Put a run in force, in one step. The names that all others hold go dark then."""
    write_bytes(site.folder("identity") / "current", f"{run_id}\n".encode())
    darken(site, [run_id])


def hold(site: Site, run_id: str) -> None:
    """Have a sealed run wait for a signature: what is in force stays so, and a run that waited before is passed over."""
    write_bytes(site.folder("identity") / "held", f"{run_id}\n".encode())
    darken(site, [run_id, _named_by(site, "current")])


def has_names(site: Site, run_id: str) -> bool:
    """Can the names of a run still be opened?"""
    return keys.has_key(site, f"identity/{run_id}{NAMES}")


def unseal(site: Site, run_id: str, name: str, private: Path, *, key: str = "") -> Path:
    """One table of a run, opened in private scratch."""
    store = storage.open_store(str(site.folder("identity", "runs", run_id)))
    target = private / f"{run_id}.{name}.parquet"
    return storage.unseal_from(store, f"{name}.parquet.age", target, keys.unwrap_key(site, f"identity/{run_id}{key}", HOLDER))


def has_table(site: Site, run_id: str, name: str) -> bool:
    """Does a run have a table of that name? Not every run has every table: parts of golden records are as many as its people ask for."""
    return (site.folder("identity", "runs", run_id) / f"{name}.parquet.age").exists()


def seal(site: Site, private: Path, run_id: str, tables: Mapping[str, Mapping[str, pl.DataFrame | Path]]) -> None:
    """Seal a run's tables (in memory, or already a file in scratch), each group of them under a key of its own: `""` for ids and events, `-names`
    for whatever holds a name."""
    store = storage.open_store(str(site.folder("identity", "runs", run_id)))
    for key, group in tables.items():
        recipient = keys.wrap_new_key(site, f"identity/{run_id}{key}", [HOLDER])
        for name, table in group.items():
            path = table if isinstance(table, Path) else private / f"{name}.parquet"
            if not isinstance(table, Path):
                table.write_parquet(path, compression="zstd")
            storage.seal_into(store, f"{name}.parquet.age", path, recipient)
            path.unlink()


def darken(site: Site, but: Collection[str]) -> None:
    """Destroy the keys of names of all runs but these."""
    for folder in site.folder("identity", "runs").iterdir():
        if folder.name not in but:
            keys.destroy_key(site, f"identity/{folder.name}{NAMES}")


def _named_by(site: Site, pointer: str) -> str:
    """The run that one of the small files names, or ""."""
    path = site.root / "identity" / pointer
    return path.read_text().strip() if path.exists() else ""


def _number(run_id: str) -> int:
    """Runs are numbered on through all years."""
    return int(run_id.rpartition("-")[2] or 0)

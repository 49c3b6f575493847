"""Where runs lie: each table sealed under its run's keys, the run in force named by one small file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from c2c.identity._errors import IdentityError
from c2c.plumbing import keys, storage
from c2c.plumbing.site import Site

HOLDER = "room/identity"
NAMES = "-names"
"""Tables with names lie under a key of their own, `<run>-names`, which goes when the next run stands."""


def current_run(site: Site) -> str:
    """The id of the run in force. Raises IDN-001 when there is none."""
    path = site.root / "identity" / "current"
    if not path.exists():
        raise IdentityError(
            "IDN-001", where="identity/current", what="no match has been made yet", remedy="Run the year, or `c2c year run`."
        )
    return path.read_text().strip()


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


def darken(site: Site, run_id: str) -> None:
    """Destroy the keys of names that earlier runs held."""
    for folder in site.folder("identity", "runs").iterdir():
        if folder.name != run_id:
            keys.destroy_key(site, f"identity/{folder.name}{NAMES}")

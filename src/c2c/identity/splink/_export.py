"""The model of the run in force, taken out of the site; the taking is in the ledger first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from c2c import audit
from c2c.identity._errors import IdentityError
from c2c.identity._sealed import current_run
from c2c.identity._settings import MODEL
from c2c.plumbing.site import Site, write_json


def export_model(site: Site, target: Path, *, actor: str) -> dict[str, Any]:
    """Write the model of the run in force as a Splink settings file: levels, m, u, prior, where rare values weigh more. Holds no value of a record.

    Raises:
        IdentityError: IDN-001 no match has been made yet; IDN-030 the run was made before models were kept.
    """
    run_id = current_run(site)
    path = site.folder("identity", "runs", run_id) / MODEL
    if not path.exists():
        raise IdentityError(
            "IDN-030",
            where=f"run {run_id}",
            what="this run was made before models were kept",
            remedy="Run the year again, then export.",
        )
    said = json.loads(path.read_text("utf-8"))
    audit.append(site, "identity:model:exported", actor=actor, run=run_id, model=said["linker_uid"])
    write_json(target, said)
    levels = sum("m_probability" in level for one in said["comparisons"] for level in one["comparison_levels"])
    return {"run": run_id, "model": said["linker_uid"], "comparisons": len(said["comparisons"]), "levels": levels}

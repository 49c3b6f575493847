"""The report page by group: empty before there are rates, honest about what is held back, and plain about a refusal."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from c2c import identity
from c2c.publication import rates
from c2c.vocabulary import SafeTables
from integration.web_portal.conftest import Portal


def safe(folder: Path) -> SafeTables:
    """Women and men: of the men it is held back how many are linked for sure."""
    fixed = {"release": "r", "product": "match_rates", "table": "t", "measure": "record_links", "statistic": "count", "unit": "records",
             "academic_year": "2026", "outcome": None, "low": None, "high": None, "of": ""}  # fmt: skip
    said = [(None, None, 3000.0), ("F", None, 1000.0), ("M", None, 1000.0), ("X", None, 1000.0), ("F", "yes", 990.0), ("F", "no", 10.0), ("M", "yes", None), ("M", "no", None), ("X", "yes", 900.0), ("X", "no", 100.0)]  # fmt: skip
    rows = [fixed | {"gender": g, "sure": s, "value": v, "status": "c" if v is None else "shown"} for g, s, v in said]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / "cells.parquet")
    return SafeTables("match_rates", folder / "cells.parquet")


def test_the_report_tells_how_well_each_group_is_matched(portal: Portal, tmp_path: Path) -> None:
    """A steward reads rates, a gap in words and what is held back, in both languages; before the first, and after a refusal, a sentence."""
    who, run = portal.people["steward.one"], str(identity.report(portal.site)["run"])
    assert "No rates by group yet" in who.get("/report").text and "This is the first run" in who.get("/report").text
    rates.freeze_refusal(portal.site, run_id=run, year=2026, code="GOV-001", what="not adopted")
    assert "(GOV-001)" in who.get("/report").text
    rates.freeze_rates(portal.site, safe(tmp_path), run_id=run, year=2026, people=3000)
    page = who.get("/report").text
    assert "best is Female with 99.0%. Worst is Nonbinary with 90.0%. The gap is 9.0 points" in page
    assert "held back" in page and "more than the 2.0 points we accept" in page
    assert "el mejor es Femenino con 99.0%" in who.get("/es/report").text and "no se muestra" in who.get("/es/report").text
    (portal.site.root / "rates" / f"{run}.json").unlink()

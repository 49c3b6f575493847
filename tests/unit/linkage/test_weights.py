"""Weights let linked rows stand for all rows that were sent: each class for its own."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from c2c.linkage._weights import HOLDS, weigh


def a_file(*classes: tuple[str, str, int, int, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A file's table and the links of its records. A class: gender, race code, rows, linked, and how many of those for sure."""
    rows, links = [], []
    for number, (sex, code, n, n_linked, n_sure) in enumerate(classes):
        for i in range(n):
            key = f"{number}-{i}"
            rows.append({"record_key": key, "period": 2025, "gender": sex, "hispanic_latino": False, "race_codes": code})
            status = "automatic" if i < n_sure else "provisional" if i < n_linked else "unlinked"
            links.append(
                {"record_key": key, "person_id": key if i < n_linked else None, "status": status} | dict.fromkeys(HOLDS, True)
            )
    return pl.DataFrame(rows), pl.DataFrame(links, infer_schema_length=None)


def test_the_weights_of_linked_rows_add_up_to_all_rows_sent(tmp_path: Path) -> None:
    """An analyst who weights a pull gets the size of each group as it was sent, also of a group that is linked less well."""
    table, links = a_file(("F", "700", 200, 160, 150), ("M", "600", 100, 50, 40))
    out, said = weigh(table, links, tmp_path)
    by = dict(out.group_by("gender").agg(pl.col("link_weight").sum()).iter_rows())
    assert by == pytest.approx({"F": 200, "M": 100})
    assert out.filter(gender="M", link_weight=2.0).height == 50
    assert out["sure_link_weight"].sum() == pytest.approx(300) and said["link_weight"] == {"rows": 210, "trimmed": 0}


def test_a_row_that_is_not_used_has_no_weight(tmp_path: Path) -> None:
    """Who leaves provisional links out must not count them by their weight after all."""
    table, links = a_file(("F", "700", 100, 90, 60))
    out, _ = weigh(table, links, tmp_path)
    assert out["link_weight"].is_null().sum() == 10 and out["sure_link_weight"].is_null().sum() == 40


def test_a_class_too_small_to_tell_a_share_takes_that_of_a_coarser_one(tmp_path: Path) -> None:
    """One unlinked record among three must not double the others."""
    table, links = a_file(("F", "700", 300, 290, 290), ("F", "600", 3, 1, 1), ("M", "600", 60, 54, 54))
    out, _ = weigh(table, links, tmp_path)
    assert out["link_weight"].max() < 1.2 and out["link_weight"].sum() == pytest.approx(363, abs=3)


def test_no_row_stands_for_more_than_the_rule_says(tmp_path: Path) -> None:
    """One lucky link does not speak for a hundred: the weight is trimmed, and the receipt says of how many rows."""
    table, links = a_file(("F", "700", 100, 2, 2))
    out, said = weigh(table, links, tmp_path)
    assert out["link_weight"].max() == 5 and said["link_weight"] == {"rows": 2, "trimmed": 2}


def test_a_file_that_tells_no_group_is_weighed_by_what_it_tells(tmp_path: Path) -> None:
    """Files of bare numbers have weights too, and a table keeps its columns and the order of its rows."""
    table, links = a_file(("F", "700", 100, 80, 80))
    bare = table.select("record_key", "period")
    out, _ = weigh(bare, links, tmp_path)
    assert out.columns == ["record_key", "period", "link_weight", "sure_link_weight"] and out["record_key"].equals(
        bare["record_key"]
    )
    assert out["link_weight"].sum() == pytest.approx(100)

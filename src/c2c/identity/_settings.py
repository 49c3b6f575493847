"""A model as Splink 5 writes it down, and back again: levels, m, u, prior, and where rare values weigh more.

Splink refuses a settings file with a key that it does not know, so nothing of ours is added: a comparison is named for its field and a level for its
name, and the condition beside them says the same in SQL. A model that came from elsewhere is read by its conditions alone; what is not known is refused.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from c2c.identity._coded import FIELDS, TERMS
from c2c.identity._compare import LEVEL_NAMES
from c2c.identity._errors import IdentityError
from c2c.identity._estimate import Model
from c2c.identity._normalise import KEYS
from c2c.identity._rules import rows_of, rule, words
from c2c.plumbing.site import write_json

MODEL = "model.json"
"""The model of a run, beside its report. It holds no value of a record."""

FORMAT = "c2c_1_"
"""How the name of a model of ours begins: the version of this way of writing."""

PRIOR = "probability_two_random_records_match"
PAIRS = "blocking_rules_to_generate_predictions"
NOT_SEEN = "level not observed in training dataset"
SPLINKS_FLOOR = 1e-300
SPLINKS_LEAST = 1e-6
"""What Splink reckons with where it writes `NOT_SEEN`."""

SETTINGS = frozenset({
    "link_type", "comparisons", PAIRS, PRIOR, "em_convergence", "max_iterations", "retain_matching_columns",
    "retain_intermediate_calculation_columns", "additional_columns_to_retain", "unique_id_column_name", "source_dataset_column_name",
    "match_weight_column_prefix", "bayes_factor_column_prefix", "term_frequency_adjustment_column_prefix",
    "comparison_vector_value_column_prefix", "linker_uid", "sql_dialect",
})  # fmt: skip
OF_COMPARISON = frozenset({"output_column_name", "comparison_description", "comparison_levels"})
OF_LEVEL = frozenset({
    "sql_condition", "label_for_charts", "is_null_level", "m_probability", "u_probability", "fix_m_probability", "fix_u_probability",
    "tf_adjustment_column", "tf_adjustment_weight", "tf_minimum_u_value", "disable_tf_exact_match_detection", "comparison_vector_value",
})  # fmt: skip
"""What Splink 5 writes. Another key would say something that is not understood here."""

SECONDS_OF_DAY = 86_400


@dataclass(frozen=True)
class Given:
    """A model that was given, and how it was read.

    `silent`: fields it does not speak of. `instead`: levels it does not know, each with the one whose weight counts. `set_aside`: its
    settings that touch no weight and are not followed here.
    """

    model: Model
    levels_read: int
    silent: tuple[str, ...]
    instead: tuple[str, ...]
    set_aside: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """How it was read, for the answer."""
        return {name: value for name, value in vars(self).items() if name != "model"}


def to_settings(model: Model, kinds: Iterable[str]) -> dict[str, Any]:
    """The model as the settings of a Splink linker over the comparison copy. `kinds`: the kinds of person keys that its rows hold."""
    comparisons = [
        {
            "output_column_name": field,
            "comparison_description": f"c2c: {field}",
            "comparison_levels": [
                _level(model, field, name, condition) for name, condition in conditions(field, sorted(kinds)).items()
            ],
        }
        for field in FIELDS
    ]
    digest = hashlib.sha256(json.dumps([comparisons, model.prior]).encode()).hexdigest()
    return {
        "link_type": "dedupe_only",
        PRIOR: model.prior,
        "comparisons": comparisons,
        PAIRS: [
            {"blocking_rule": one["rule"], "sql_dialect": "duckdb"}
            | ({"arrays_to_explode": one["explode"]} if "explode" in one else {})
            for one in _book()["pairs"]
        ],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "unique_id_column_name": "unique_id",
        "sql_dialect": "duckdb",
        "linker_uid": f"{FORMAT}{digest[:12]}",
    }


def conditions(field: str, kinds: Iterable[str]) -> dict[str, str]:
    """The levels of a field as SQL on a pair of rows of the comparison copy, in the order in which they are tried; `silent` is no level."""
    each = _book()["each_kind"]
    # A column's name may hold any sign; inside quotation marks only those are written twice.
    quoted = [kind.replace('"', '""') for kind in kinds]
    none_differs = " and ".join(each["none_differs"].replace("{kind}", kind) for kind in quoted) or "true"
    one_is_far = " or ".join(each["one_is_far"].replace("{kind}", kind) for kind in quoted) or "false"
    found = {name: _filled(text) for name, text in _book()["levels"][field].items()}
    return {
        name: text.replace("{none_differs}", f"({none_differs})").replace("{one_is_far}", one_is_far)
        for name, text in found.items()
    }


def write_model(model: Model, kinds: Iterable[str], target: Path) -> None:
    """Write a model, whole or not at all."""
    write_json(target, to_settings(model, kinds))


def read_model(source: Path) -> Given:
    """The model that a Splink settings file holds, ours or another's.

    Raises:
        IdentityError: IDN-026 it is no settings file of Splink; IDN-027 it has a comparison, level or setting that the match does not know; IDN-028 a
            probability is missing; IDN-029 a comparison has no level for blanks, for
            agreement or for the rest.
    """
    try:
        said = json.loads(source.read_text("utf-8"))
        whole = isinstance(said, dict) and isinstance(said["comparisons"], list) and bool(said["comparisons"])
        whole = whole and all(isinstance(one, dict) and isinstance(one["comparison_levels"], list) for one in said["comparisons"])
        whole = whole and all(
            isinstance(x.get("sql_condition"), str) for one in said["comparisons"] for x in one["comparison_levels"]
        )
    except (OSError, ValueError, KeyError, AttributeError):
        whole = False
    if not whole:
        raise IdentityError(
            "IDN-026",
            where=source.name,
            what="this is no settings file of Splink",
            remedy="Write one with `c2c match export-model`, or in Splink with `save_model_to_json`.",
        )
    _known(said, SETTINGS, source.name)
    name = str(said.get("linker_uid") or "")
    if name.startswith("c2c_") and not name.startswith(FORMAT):
        raise _unknown(source.name, f"the model's version, {name.rsplit('_', 1)[0]},")
    prior = _probability(said.get(PRIOR), source.name, PRIOR)
    of_field = {}
    terms: dict[str, float] = {}
    for number, comparison in enumerate(said["comparisons"], 1):
        called = str(comparison.get("output_column_name") or f"number {number}")
        place = f"{source.name}, comparison {called}"
        _known(comparison, OF_COMPARISON, place)
        field, found, rare = _read_comparison(comparison, place)
        if field in of_field:
            raise _unknown(place, f"a second comparison of {field}")
        of_field[field] = found
        terms |= {} if rare is None else {field: rare}
    return _given(said, of_field, prior, terms, source.name)


def _given(
    said: Mapping[str, Any],
    of_field: Mapping[str, Mapping[str, tuple[float, float]]],
    prior: float,
    terms: dict[str, float],
    where: str,
) -> Given:
    """The model with every field and level of ours filled: by what was read, by what counts instead, or by nothing at all."""
    m, u, instead = {}, {}, []
    for field in FIELDS:
        m[field], u[field] = np.ones((2, len(LEVEL_NAMES[field])))
        for i, level in enumerate(LEVEL_NAMES[field] if field in of_field else ()):
            counts = _counts_as(field, level, of_field[field], where)
            m[field][i], u[field][i] = of_field[field][counts]
            if counts != level:
                instead.append(f"{field}: {level} as {counts}")
    aside = [PAIRS] if said.get(PAIRS) and said[PAIRS] != to_settings(Model(m, u, prior), ())[PAIRS] else []
    aside += ["link_type"] if said.get("link_type", "dedupe_only") != "dedupe_only" else []
    silent = tuple(field for field in FIELDS if field not in of_field)
    return Given(Model(m, u, prior, terms), sum(map(len, of_field.values())), silent, tuple(instead), tuple(aside))


def _counts_as(field: str, level: str, found: Mapping[str, tuple[float, float]], where: str) -> str:
    """The level itself where the model knows it, else the nearest that it knows."""
    while level not in found:
        known = _book()["instead"].get(field, {})
        if level not in known:
            raise _lacking(f"{where}, {field}", level)
        level = known[level]
    return level


def _level(model: Model, field: str, name: str, condition: str) -> dict[str, Any]:
    """One level as Splink writes it."""
    if name == "silent":
        return {"sql_condition": condition, "label_for_charts": name, "is_null_level": True}
    at = LEVEL_NAMES[field].index(name)
    m, u = float(model.m[field][at]), float(model.u[field][at])
    rare = (
        {"tf_adjustment_column": field, "tf_adjustment_weight": 1.0, "tf_minimum_u_value": float(u / 2.0 ** model.terms[field])}
        if name == "exact" and field in model.terms
        else {}
    )
    return {"sql_condition": condition, "label_for_charts": name, "m_probability": m, "u_probability": u} | rare


def _read_comparison(comparison: Mapping[str, Any], place: str) -> tuple[str, dict[str, tuple[float, float]], float | None]:
    """The field a comparison is of, the m and u of each level of it, and the bits that a rare value may add."""
    own = _own_levels(comparison)
    read = [_Level(level, *_meaning(level, own, place)) for level in comparison["comparison_levels"]]
    fields = {level.field for level in read if level.field}
    if len(fields) != 1:
        raise _unknown(place, "a comparison of several fields, or of none,")
    (field,) = fields
    # Without it Splink counts a blank as a disagreement, and here a blank says nothing.
    if not any(level.name == "silent" for level in read):
        raise _lacking(place, "silent")
    found: dict[str, tuple[float, float]] = {}
    rare = None
    for level in read:
        where = f"{place}, level “{level.label}”"
        _known(level.said, OF_LEVEL, where)
        if bool(level.said.get("is_null_level")) != (level.name == "silent"):
            raise _unknown(where, "this meaning of saying nothing")
        if level.name == "silent":
            continue
        name = level.name or _else_of(field)
        if name in found:
            raise _unknown(where, f"a second level that reads as “{name}”")
        m, u = (_probability(level.said.get(f"{x}_probability"), where, f"{x}_probability") for x in ("m", "u"))
        found[name] = m, u
        weight = level.said.get("tf_adjustment_weight", 1.0)
        if level.said.get("tf_adjustment_column") and weight != 0:
            of_exact = field in TERMS and name == "exact" and field == _field_of(str(level.said["tf_adjustment_column"]))
            if not of_exact or weight != 1:
                raise _unknown(where, "this use of term frequencies")
            least = level.said.get("tf_minimum_u_value", 0)
            rare = np.inf if least == 0 else float(np.log2(u / _probability(least, where, "tf_minimum_u_value")))
    return field, found, rare


@dataclass(frozen=True)
class _Level:
    """One level as it was given, and what it means here; no field and no name for what is left, whose field the other levels say."""

    said: Mapping[str, Any]
    field: str
    name: str

    @property
    def label(self) -> str:
        return _label(self.said)


def _label(level: Mapping[str, Any]) -> str:
    return str(level.get("label_for_charts") or level["sql_condition"])


def _meaning(level: Mapping[str, Any], own: Mapping[str, tuple[str, str]], place: str) -> tuple[str, str]:
    """Field and level of one condition."""
    text = _plain(level["sql_condition"])
    if text in own:
        return own[text]
    if text == "else":
        return "", ""
    for form, pattern in FORMS.items():
        said = pattern.fullmatch(text)
        field = _field_of(said["l"]) if said and said["l"] == said["r"] else None
        if said and field:
            name = "silent" if form == "silent" else _of_library(form, field, said.groupdict().get("n"))
            if name:
                return field, name
    raise _unknown(place, f"the level “{_label(level)}”")


def _of_library(form: str, field: str, limit: str | None) -> str | None:
    """The level that Splink's own library calls so."""
    known = (one for one in _library(form) if field in one["levels"] and _within(form, one.get("limit"), limit))
    return next((str(one["levels"][field]) for one in known), None)


def _own_levels(comparison: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Conditions of ours to field and level, where the comparison is of ours: some condition that only we write, or all of them."""
    field = comparison.get("output_column_name")
    if field not in FIELDS:
        return {}
    texts = [level["sql_condition"] for level in comparison["comparison_levels"]]
    kinds = sorted({kind.replace('""', '"') for text in texts for kind in re.findall(r'"held_((?:[^"]|"")+)_l"', text)})
    ours = {_plain(text): (str(field), name) for name, text in conditions(str(field), kinds).items()}
    return ours if any(_plain(text) in ours for text in texts if _plain(text) != "else") else {}


def _else_of(field: str) -> str:
    return str(_library("else")[0]["levels"][field])


def _within(form: str, limit: str | int | None, said: str | None) -> bool:
    """Is this the limit of a level of ours? A month, a year and ten years may be reckoned in days of either kind."""
    if said is None or limit is None:
        return limit is None
    if form == "jaro_winkler":
        return abs(float(said) - rule(str(limit))) < 1e-9
    return abs(float(said) / SECONDS_OF_DAY - float(limit)) <= 1 if form == "days" else float(said) == float(limit)


def _column(side: str) -> str:
    """One side's column, as it stands or made plain: a change that our own comparison copy has made already."""
    return rf"(?:(?:lower|upper|trim|cast|try_strptime)\()?\"?(?P<{side}>\w+)_{side}\"?(?:, '[^']*')?(?: as \w+)?\)?"


FORMS = {
    "silent": re.compile(rf"{_column('l')} is null or {_column('r')} is null"),
    "equal": re.compile(rf"{_column('l')} = {_column('r')}"),
    "jaro_winkler": re.compile(rf"jaro_winkler_similarity\({_column('l')}, {_column('r')}\) >= (?P<n>\d+(?:\.\d+)?)"),
    "edits": re.compile(rf"(?:damerau_)?levenshtein\({_column('l')}, {_column('r')}\) <= (?P<n>\d+(?:\.\d+)?)"),
    "days": re.compile(rf"abs\(epoch\({_column('l')}\) - epoch\({_column('r')}\)\) <= (?P<n>\d+(?:\.\d+)?)"),
}
"""Conditions of Splink's own library that say what a level of ours says."""


def _field_of(column: str) -> str | None:
    """The field that a column of a model is."""
    plain = words("column").get(column.lower(), column.lower())
    known = _book()["columns"].get(plain) or (plain if plain in FIELDS and plain != "key" else None)
    return known or ("key" if plain.startswith("key_") or plain in KEYS else None)


def _library(form: str) -> list[dict[str, Any]]:
    return [one for one in _book()["library"] if one["form"] == form]


def _probability(said: object, where: str, name: str) -> float:
    """A probability that a weight can be made of: none so small that Splink would refuse it, and no prior that leaves no doubt."""
    if said == NOT_SEEN:
        return SPLINKS_LEAST
    number = isinstance(said, int | float) and not isinstance(said, bool)
    if not number or not SPLINKS_FLOOR <= said <= 1 or (name == PRIOR and said == 1):  # type: ignore[operator]
        raise IdentityError(
            "IDN-028",
            where=where,
            what=f"{name} is no probability above 0",
            remedy="Train the model in Splink until every level has its m and u, then save it again.",
        )
    return float(said)  # type: ignore[arg-type]


def _known(said: Mapping[str, Any], names: frozenset[str], where: str) -> None:
    for key in said:
        if key not in names:
            raise _unknown(where, f"the setting “{key}”")


def _unknown(where: str, thing: str) -> IdentityError:
    return IdentityError(
        "IDN-027",
        where=where,
        what=f"{thing} is not known to the match",
        remedy="Leave it out or put a level that is known in its place (the steward's guide lists them), train again, and save.",
    )


def _lacking(where: str, level: str) -> IdentityError:
    return IdentityError(
        "IDN-029",
        where=where,
        what=f"the comparison has no level “{level}”",
        remedy="Give each comparison a null level, one of exact agreement and one for all else, and train it again.",
    )


def _plain(text: str) -> str:
    """SQL without regard to letters' size or spaces."""
    return " ".join(text.lower().split())


def _filled(text: str) -> str:
    """A condition with its fragments and thresholds in place."""
    said = _book()["said"] | {row["rule_id"]: row["value"] for row in rows_of("rules.csv")}
    return re.sub(r"\{(\w+)\}", lambda found: _filled(said[found[1]]) if found[1] in said else found[0], text)


@functools.cache
def _book() -> dict[str, Any]:
    return tomllib.loads((files("c2c.identity") / "splink.toml").read_text("utf-8"))

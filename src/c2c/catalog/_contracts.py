"""Open Data Contract Standard files, one per submission file, made from the catalog and never written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from c2c.catalog._rules import parse_rule

if TYPE_CHECKING:
    from c2c.catalog._tables import Catalog, FileLayout

_LOGICAL = {"string": "string", "code": "string", "boolean": "boolean", "integer": "integer", "decimal": "number", "date": "date"}


def contract(layout: FileLayout, catalog: Catalog) -> str:
    """The contract of one file as YAML in the Open Data Contract Standard, version 3.0.2 (Bitol, Linux Foundation AI & Data)."""
    properties: list[dict[str, Any]] = []
    for element in layout.elements:
        row: dict[str, Any] = {
            "name": element.element,
            "businessName": element.label,
            "logicalType": _LOGICAL[element.type],
            "physicalType": "text",
            "required": element.required,
            "primaryKey": element.element in layout.primary_key,
            "classification": element.classification,
            "tags": [element.role, element.status, element.basis],
        }
        if row["primaryKey"]:
            row["primaryKeyPosition"] = layout.primary_key.index(element.element) + 1
        if element.ceds_id:
            row["authoritativeDefinitions"] = [{"type": "businessDefinition", "url": f"ceds:{element.ceds_id}"}]
        dates = {"effectiveFrom": element.effective_from, "effectiveTo": element.effective_to}
        row["customProperties"] = [{"property": k, "value": v.isoformat()} for k, v in dates.items() if v]
        row["quality"] = [{"type": "text", "name": c.kind, "description": c.text} for c in parse_rule(element.rule)]
        properties.append({k: v for k, v in row.items() if v not in ([], "")})
    partner = next(p for p in catalog.partners if p["partner_code"] == layout.partner_code)
    document = {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": f"{layout.partner_code}.{layout.file}",
        "name": layout.title,
        "version": "1.0.0",
        "status": layout.status,
        "domain": "cradle-to-career",
        "dataProduct": partner["name"],
        "description": {"purpose": f"One submission for each closing school year: {layout.grain}."},
        "schema": [{"name": layout.file, "logicalType": "object", "physicalType": "table", "properties": properties}],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)

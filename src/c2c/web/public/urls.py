"""Addresses: each page in English at its own, in Spanish under `/es`."""

from __future__ import annotations

from django.urls import path

from c2c.web.public import builder, pathways, protection, reading

PAGES = {
    "": reading.home,
    "pathways": pathways.pathways,
    "pathways.csv": pathways.pathways_csv,
    "pathways.svg": pathways.pathways_svg,
    "tables": builder.tables,
    "tables.csv": builder.tables_csv,
    "tables.svg": builder.tables_svg,
    "catalog": reading.data_catalog,
    "method": reading.method,
    "protection": protection.protection,
    "protection.json": protection.protection_json,
    "glossary": reading.glossary,
    "releases": reading.release_list,
}
urlpatterns = [path(p, view, {"language": "en"}) for p, view in PAGES.items()]
urlpatterns += [path(f"es/{p}", view, {"language": "es"}) for p, view in PAGES.items()]
urlpatterns += [path("es", reading.home, {"language": "es"})]
handler404 = "c2c.web.public._pages.not_found"
handler400 = "c2c.web.public._pages.bad_request"
handler500 = "c2c.web.public._pages.server_error"

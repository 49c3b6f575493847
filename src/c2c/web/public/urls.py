"""Addresses: each page in English at its own, in Spanish under `/es`."""

from __future__ import annotations

from django.urls import path

from c2c.web.public import views

PAGES = (
    ("", views.home, "home"), ("pathways", views.pathways, "pathways"), ("pathways.csv", views.pathways_csv, "pathways_csv"), ("pathways.svg", views.pathways_svg, "pathways_svg"),
    ("tables", views.tables, "tables"), ("tables.csv", views.tables_csv, "tables_csv"), ("method", views.method, "method"), ("glossary", views.glossary, "glossary"),
    ("catalog", views.data_catalog, "catalog"), ("releases", views.release_list, "releases"),
)  # fmt: skip
urlpatterns = [path(p, view, {"language": "en"}, name=f"en_{name}") for p, view, name in PAGES]
urlpatterns += [path(f"es/{p}" if p else "es/", view, {"language": "es"}, name=f"es_{name}") for p, view, name in PAGES]
handler404 = "c2c.web.public.views.not_found"
handler400 = "c2c.web.public.views.bad_request"
handler500 = "c2c.web.public.views.server_error"

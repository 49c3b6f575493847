"""Addresses of the portal. Spanish stands under `/es`, which a layer takes off before these are read."""

from __future__ import annotations

from django.urls import path

from c2c.web.portal import _entry, reporting, stewards

urlpatterns = [
    path("sign-in", _entry.SignIn.as_view(), name="account_login"),
    path("sign-in/code", _entry.SecondStep.as_view(), name="mfa_authenticate"),
    path("sign-out", _entry.SignOut.as_view(), name="account_logout"),
    path("sign-up", _entry.nobody_signs_up, name="account_signup"),
    path("set-up/<str:token>", _entry.set_up, name="set_up"),
    path("", stewards.home, name="home"),
    path("queue", stewards.queue, name="queue"),
    path("queue/next", stewards.next_case, name="next_case"),
    path("review/<slug:case_id>", stewards.review, name="review"),
    path("adjudicate", stewards.adjudicate, name="adjudicate"),
    path("adjudicate/<slug:case_id>", stewards.settle, name="settle"),
    path("why/<slug:case_id>", stewards.why, name="why"),
    path("held/<slug:case_id>", stewards.held, name="held"),
    path("decided", stewards.decided, name="decided"),
    path("undo/<slug:case_id>", stewards.undo, name="undo"),
    path("report", reporting.report, name="report"),
]
handler400 = "c2c.web.portal._pages.bad_request"
handler404 = "c2c.web.portal._pages.not_found"
handler429 = "c2c.web.portal._entry.too_many"
handler500 = "c2c.web.portal._pages.server_error"

"""Answers to changes of a list: its rows, if htmx asked for them."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.web.requests import MemberRequest
from todos.lists.filters import Filters
from todos.lists.page import page_context
from todos.models import Membership
from todos.web.navigation import shown_page


def rows_changed(request: MemberRequest, membership: Membership) -> HttpResponse:
    context = page_context(membership, filters=Filters.from_url(shown_page(request)))
    return render(request, "todos/lists/_rows_changed.html", context)

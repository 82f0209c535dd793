"""No list of the operator console tells, by what it finds, what a column holds that no page shows."""

from collections.abc import Iterator
from itertools import product

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.models import Group
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.operators.groups import VIEWERS
from workflows import engine
from workflows.models import Message

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
SECRETS = {
    *("accounts.User.password", "accounts.User.session_version", "accounts.Invitation.digest"),
    *("mfa.Authenticator.data", "workflows.Message.body"),
    *("workflows.Run.input", "workflows.Run.output", "workflows.Run.error"),  # shown unless they are sensitive
}
GUESSES = ("contains", "startswith", "regex", "range", "in", "gt")
ODD = ("", "x", "-1", "(", "13", "9" * 18)
OF_EVERY_LIST = {"q": "1", "o": "-1", "p": "1", "all": "", "e": "1", "_facets": "True", "_popup": "1"}
BOARDS = {"QueueState", "Schedule", "Worker"}  # one page each, without filters


@pytest.fixture
def operator(staff) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(staff)
    return client


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def columns(model: type[Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        yield from {field.name, field.attname}


def related(model: type[Model]) -> Iterator[str]:
    """Return the columns that one relation leads to, in either direction."""
    for field in model._meta.get_fields():
        if field.related_model:
            yield from (f"{field.name}__{column}" for column in columns(field.related_model))


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_list_is_filtered_by_guesses(operator, model):
    tried = [f"{column}__{guess}" for column in columns(model) for guess in GUESSES]
    tried += [f"{path}__startswith" for path in related(model)]
    assert not [name for name in tried if operator.get(list_of(model), {name: "a"}).status_code != 400]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_list_is_filtered_by_a_column_that_is_no_filter(operator, model):
    model_admin = admin.site._registry[model]
    filters = {chosen if isinstance(chosen, str) else chosen.parameter_name for chosen in model_admin.list_filter}
    tried = {
        name
        for column in columns(model)
        if column not in filters
        for name in (column, f"{column}__exact", f"{column}__isnull", f"{column}__id__exact", f"{column}__year")
        if name not in {f"{model_admin.date_hierarchy}__year", *getattr(model_admin, "linked_lookups", ())}
    }
    assert not [name for name in tried if operator.get(list_of(model), {name: "1"}).status_code != 400]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_a_list_offers_is_answered_whatever_the_value(operator, model):
    assert operator.get(list_of(model), OF_EVERY_LIST | {"_to_field": model._meta.pk.name}).status_code == 200
    if model.__name__ in BOARDS:
        return
    page = operator.get(list_of(model)).context["cl"]
    offered = {name for spec in page.filter_specs for name in spec.expected_parameters()}
    offered |= {f"{page.date_hierarchy}__{unit}" for unit in ("month", "day") if page.date_hierarchy}
    offered |= set(getattr(page.model_admin, "linked_lookups", ()))
    answers = {asked: operator.get(list_of(model), dict([asked])).status_code for asked in product(offered, ODD)}
    assert not {asked: status for asked, status in answers.items() if status not in (200, 302)}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_list_is_searched_or_ordered_by_a_secret(model):
    model_admin = admin.site._registry[model]
    shown = [getattr(getattr(model_admin, name, None), "admin_order_field", name) for name in model_admin.list_display]
    paths = [path for path in (*model_admin.search_fields, *model_admin.list_filter, *shown) if isinstance(path, str)]
    assert not [path for path in paths if last_field(model, path.lstrip("=^@-")) in SECRETS]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_rows_are_named_by_their_key_only(rf, model):
    for field in model._meta.concrete_fields:
        assert admin.site._registry[model].to_field_allowed(rf.get("/"), field.name) == field.primary_key


def test_the_secrets_exist():
    assert {str(field) for model in MODELS for field in model._meta.concrete_fields} >= SECRETS


@pytest.mark.parametrize("guess", ["key/abc", "key/xyz"])
def test_a_viewer_does_not_guess_a_link_in_a_mail(make_user, sign_in, guess):
    engine.send("mail", {"text": "/accounts/password/reset/key/abc"})
    viewer = make_user("Vera", is_staff=True)
    viewer.groups.add(Group.objects.get(name=VIEWERS))
    client = sign_in(viewer)
    assert client.get(list_of(Message)).status_code == 200
    assert client.get(list_of(Message), {"body__contains": guess}).status_code == 400
    assert client.post(f"{list_of(Message)}?body__contains={guess}", {"action": "replay_all"}).status_code == 400
    assert client.get(list_of(User), {"password__startswith": "a"}).status_code == 400


def last_field(model: type[Model], path: str) -> str:
    try:
        return str(get_fields_from_path(model, path)[-1])
    except FieldDoesNotExist:  # a column that is computed
        return ""

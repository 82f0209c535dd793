import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.todos.attachments.files import attach
from todos.models import Activity, Attachment, Membership, Role, Todo, TodoList, Verb
from todos.refusals import LastOwner, ListInTheTrash

MODELS = ["todolist", "todo", "attachment", "membership", "activity"]


@pytest.fixture
def operator(staff, sign_in):
    return sign_in(staff)


def change_url(row) -> str:
    return reverse(f"admin:todos_{row._meta.model_name}_change", args=[row.pk])


def queries_of(client, url) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", MODELS)
def test_change_lists_cost_the_same_for_many(flat, tiles, operator, alice, make_user, model):
    url = reverse(f"admin:todos_{model}_changelist")
    few = queries_of(operator, url)
    for number in range(20):
        other = TodoList.create(f"List {number}", by=make_user(f"p{number}"))
        other.add("x", by=alice).complete(by=alice)
    assert queries_of(operator, url) <= few


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("query", ["?q=tiles", "?q=%00", f"?q={10**30}", "?p=99"])
def test_change_lists_search(flat, tiles, operator, model, query):
    assert operator.get(reverse(f"admin:todos_{model}_changelist") + query).status_code in (200, 302)


@pytest.mark.parametrize(
    "query",
    [
        "todolist/?trashed=yes",
        "todo/?trashed=yes",
        "todo/?completed=no",
        "todolist/?owner=none",
        "membership/?role__exact=owner",
    ],
)
def test_change_lists_filter(flat, tiles, operator, query):
    assert operator.get(f"/admin/todos/{query}").status_code == 200


def test_a_list_leads_to_its_to_dos(flat, tiles, operator):
    address = reverse("admin:todos_todo_changelist", query={"list__id__exact": flat.pk})
    assert address in operator.get(reverse("admin:todos_todolist_changelist")).text
    assert list(operator.get(address).context["cl"].queryset) == [tiles]


def test_a_change_page_costs_the_same_for_many(flat, tiles, operator, alice, make_user):
    few = [queries_of(operator, change_url(row)) for row in (flat, tiles)]
    for number in range(20):
        flat.add_member(make_user(f"p{number}"), role=Role.READER, by=alice, tell=False)
        flat.add("x", by=alice)
    assert [queries_of(operator, change_url(row)) for row in (flat, tiles)] == few


def test_an_edit_by_an_operator_is_in_the_history(tiles, operator, staff):
    operator.post(change_url(tiles), {"text": "Order the tiles", "notes": "4 m²\r\n"})
    edited = tiles.activities.newest_first()[0]
    assert (edited.actor, edited.verb) == (staff, Verb.EDITED)
    assert edited.changes == {"text": ["Order tiles", "Order the tiles"], "notes": ["", "4 m²"]}


def test_an_operator_cannot_write_what_members_cannot(tiles, operator):
    response = operator.post(change_url(tiles), {"text": "a\x00b", "notes": ""})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["text"]


def test_positions_and_times_are_only_shown(tiles, operator):
    fields = operator.get(change_url(tiles)).context["adminform"].form.fields
    assert set(fields) == {"text", "notes"}


def test_a_to_do_in_the_trash_is_only_shown(tiles, operator, staff):
    tiles.trash(by=staff)
    assert not operator.get(change_url(tiles)).context["adminform"].form.fields


def members_form(todo_list: TodoList, **changes) -> dict[str, str]:
    rows = list(todo_list.memberships.order_by("pk"))
    data = {"name": todo_list.name, "memberships-TOTAL_FORMS": len(rows), "memberships-INITIAL_FORMS": len(rows)}
    data |= {"memberships-2-TOTAL_FORMS": 0, "memberships-2-INITIAL_FORMS": 0}
    for index, row in enumerate(rows):
        data |= {f"memberships-{index}-id": row.pk, f"memberships-{index}-list": todo_list.pk}
        data[f"memberships-{index}-role"] = row.role
    return {name: str(value) for name, value in (data | changes).items()}


def test_renaming_and_roles_go_through_the_verbs(flat, operator, staff, bob, mallory):
    fields = members_form(
        flat,
        **{
            "name": "Flat",
            "memberships-1-role": "owner",
            "memberships-2-DELETE": "on",
            "memberships-2-TOTAL_FORMS": "1",
            "memberships-2-0-user": str(mallory.pk),
            "memberships-2-0-role": "reader",
        },
    )
    assert operator.post(change_url(flat), fields).status_code == 302
    roles = set(flat.memberships.values_list("user__name", "role"))
    assert roles == {("Alice", "owner"), ("Bob", "owner"), ("Mallory", "reader")}
    verbs = set(Activity.objects.filter(actor=staff).values_list("verb", flat=True))
    assert verbs == {Verb.LIST_RENAMED, Verb.MEMBER_ROLE_CHANGED, Verb.MEMBER_REMOVED, Verb.MEMBER_ADDED}


def test_an_operator_cannot_take_the_last_owner(flat, operator):
    for change in ({"memberships-0-role": "reader"}, {"memberships-0-DELETE": "on"}):
        response = operator.post(change_url(flat), members_form(flat, **change))
        assert response.status_code == 200
        assert "A list needs an owner" in response.text
    owner = flat.memberships.owners().get()
    operator.post(reverse("admin:todos_membership_delete", args=[owner.pk]), {"post": "yes"})
    operator.post(change_url(owner), {"role": "reader"})
    fields = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
    operator.post(reverse("admin:todos_membership_changelist"), fields)
    assert flat.memberships.owners().get() == owner


@pytest.fixture
def refused(monkeypatch):
    """Every change of a role and every removal is refused, as if another operator had been quicker."""

    def refuse(*_args, **_given):
        raise LastOwner

    for verb in ("change_role", "remove"):
        monkeypatch.setattr(Membership, verb, refuse)


def test_a_refusal_is_all_that_is_said_and_nothing_is_changed(flat, operator, refused, carol):
    reader = flat.memberships.get(user=carol)
    changes = {"name": "Another name", "memberships-1-role": "owner"}
    delete = {"action": "delete_selected", "_selected_action": [reader.pk], "post": "yes"}
    before = Activity.objects.count()
    for url, fields in (
        (change_url(flat), members_form(flat, **changes)),
        (change_url(reader), {"role": "editor"}),
        (reverse("admin:todos_membership_delete", args=[reader.pk]), {"post": "yes"}),
        (reverse("admin:todos_membership_changelist"), delete),
    ):
        page = operator.post(url, fields, follow=True)
        assert [str(message) for message in page.context["messages"]] == [str(LastOwner())]
    assert (LogEntry.objects.count(), Activity.objects.count()) == (0, before)
    flat.refresh_from_db()
    assert flat.name == "Flat renovation"


def test_a_list_in_the_trash_keeps_its_name_and_takes_no_members(flat, operator, staff, mallory):
    flat.trash(by=staff)
    assert "name" not in operator.get(change_url(flat)).context["adminform"].form.fields
    fields = {"memberships-2-TOTAL_FORMS": 1, "memberships-2-0-user": mallory.pk, "memberships-2-0-role": "reader"}
    page = operator.post(change_url(flat), members_form(flat, **fields), follow=True)
    assert [str(message) for message in page.context["messages"]] == [str(ListInTheTrash())]
    assert operator.post(change_url(flat), members_form(flat, **{"memberships-1-role": "owner"})).status_code == 302
    assert flat.memberships.owners().count() == 2


def test_ownership_can_be_handed_over_in_one_go(flat, operator):
    changes = {"memberships-0-role": "reader", "memberships-1-role": "owner"}
    assert operator.post(change_url(flat), members_form(flat, **changes)).status_code == 302
    assert flat.memberships.owners().get().user.name == "Bob"


def test_removing_a_member_is_in_the_history(flat, operator, staff, bob):
    membership = flat.memberships.get(user=bob)
    operator.post(reverse("admin:todos_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert not Membership.objects.filter(pk=membership.pk).exists()
    assert Activity.objects.newest_first()[0].verb == Verb.MEMBER_REMOVED


@pytest.mark.parametrize(("model", "index"), [("todo", 0), ("todolist", 1)])
def test_the_trash_is_an_action(flat, tiles, operator, model, index):
    row = (tiles, flat)[index]
    url = reverse(f"admin:todos_{model}_changelist")
    for action, trashed in (("put_in_trash", True), ("restore", False)):
        operator.post(url, {"action": action, "_selected_action": [row.pk]})
        row.refresh_from_db()
        assert bool(row.trashed_at) == trashed
    verbs = Activity.objects.newest_first().values_list("verb", flat=True)[:2]
    assert [verb.removeprefix("list_") for verb in verbs] == ["restored", "trashed"]


def test_who_may_only_look_gets_no_actions(tiles, make_user, sign_in):
    viewer = make_user("Vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_todo"))
    client, url = sign_in(viewer), reverse("admin:todos_todo_changelist")
    assert client.get(url).status_code == 200
    client.post(url, {"action": "put_in_trash", "_selected_action": [tiles.pk]})
    assert Todo.objects.live().filter(pk=tiles.pk).exists()


@pytest.fixture
def plan(tiles, alice) -> Attachment:
    plan = attach(tiles, by=alice)
    plan.set_caption("Behind the oven", by=alice)
    return plan


ATTACHMENTS = "/admin/todos/attachment/"


def test_attachments_are_found_by_what_is_known_of_them(plan, operator):
    def found(query: str) -> int:
        return len(operator.get(ATTACHMENTS + query).context["cl"].result_list)

    asked = {"": 1, "?q=oven": 1, "?q=plan.png": 1, "?q=tiles": 1, "?q=bob": 0, f"?q={plan.pk}": 1, "?trashed=yes": 0}
    asked |= {"?upload__state__exact=ready": 1, "?upload__state__exact=deleted": 0}
    assert {query: found(query) for query in asked} == asked


def test_an_attachment_leads_to_its_upload_and_is_not_changed(plan, operator):
    page = operator.get(change_url(plan))
    assert reverse("admin:uploads_upload_change", args=[plan.upload_id]) in page.text
    assert operator.post(change_url(plan), {"caption": "x"}).status_code == 403
    assert operator.post(f"{ATTACHMENTS}{plan.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("group", "may"), [("Operators", True), ("Viewers", False)])
def test_operators_put_attachments_in_the_trash_and_back(plan, make_user, sign_in, group, may):
    person = make_user("Olga", is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    client = sign_in(person)
    assert client.get(ATTACHMENTS).status_code == 200
    for action, trashed in (("put_in_trash", may), ("restore", False)):
        client.post(ATTACHMENTS, {"action": action, "_selected_action": [plan.pk]})
        plan.refresh_from_db()
        assert bool(plan.trashed_at) == trashed
    verbs = list(Activity.objects.filter(actor=person).order_by("pk").values_list("verb", flat=True))
    assert verbs == ([Verb.FILE_TRASHED, Verb.FILE_RESTORED] if may else [])


def test_history_is_read_only(flat, operator):
    row = Activity.objects.newest_first()[0]
    assert operator.get(change_url(row)).status_code == 200
    assert operator.post(change_url(row), {"verb": "added"}).status_code == 403
    assert operator.get(reverse("admin:todos_activity_add")).status_code == 403
    assert operator.post(reverse("admin:todos_activity_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_lists_without_an_owner_can_be_found_and_mended(flat, operator, alice):
    flat.memberships.filter(user=alice).delete()
    url = reverse("admin:todos_todolist_changelist")
    assert [row.pk for row in operator.get(f"{url}?owner=none").context["cl"].result_list] == [flat.pk]
    assert operator.post(change_url(flat), members_form(flat, **{"memberships-0-role": "owner"})).status_code == 302
    assert flat.memberships.owners().exists()


def test_the_only_owner_of_a_shared_list_is_not_deleted(flat, operator, alice, bob):
    bulk = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
    for url, fields in (
        (reverse("admin:accounts_user_delete", args=[alice.pk]), {"post": "yes"}),
        (reverse("admin:accounts_user_changelist"), bulk),
    ):
        page = operator.post(url, fields)
        sentence = "“Flat renovation” has other members but no other owner. Make one of them an owner first."
        assert f'<p class="errornote">{sentence}</p>' in page.text
        assert "would require deleting" not in page.text
    assert flat.memberships.owners().get().user == alice
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    operator.post(reverse("admin:accounts_user_changelist"), bulk)
    assert flat.memberships.owners().get().user == bob


def test_all_members_of_a_list_can_be_deleted_together(flat, operator, alice, bob, carol):
    fields = {"action": "delete_selected", "_selected_action": [alice.pk, bob.pk, carol.pk], "post": "yes"}
    operator.post(reverse("admin:accounts_user_changelist"), fields)
    assert not flat.memberships.exists()


def test_a_person_with_memberships_can_be_deleted(flat, operator, bob):
    url = reverse("admin:accounts_user_delete", args=[bob.pk])
    assert operator.post(url, {"post": "yes"}).status_code == 302
    assert flat.memberships.count() == 2

import pytest
from django.contrib.messages.constants import ERROR, SUCCESS
from django.contrib.messages.storage.base import Message
from django.template import Context, Template

from todos.web.toasts import Toast, toasts


def test_a_message_with_an_undo_is_a_toast():
    extra = '{"undo": "/todos/1/reopen/", "fields": {"list": "2"}}'
    [toast] = toasts([Message(SUCCESS, "Done", extra)])
    assert toast == Toast("Done", "success", "/todos/1/reopen/", {"list": "2"})


@pytest.mark.parametrize("tags", [None, "", "safe", "[1]", "{", "7", "null"])
def test_a_message_of_another_app_is_a_toast_without_undo(tags):
    assert toasts([Message(ERROR, "No", tags)]) == [Toast("No", "error")]


def test_the_filter_takes_what_templates_have():
    template = Template("{% load toasts %}{% for toast in messages|toasts %}{{ toast.level }}{% endfor %}")
    assert template.render(Context({"messages": [Message(SUCCESS, "x")]})) == "success"
    assert template.render(Context({})) == ""

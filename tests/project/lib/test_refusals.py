"""One vocabulary for refusals: a code for programs, a sentence for people."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import accounts.refusals
import todos.demo.seeding
import todos.refusals
import workflows.core.errors  # noqa: F401 - declares them
from project.lib.refusals import Refused

MADE_OF_FACTS = {"EngineError", "Deserted", "NotOurs"}
"""They get their sentence where they are raised."""


def of_ours(base: type[Refused] = Refused) -> Iterator[type[Refused]]:
    for one in base.__subclasses__():
        if not one.__module__.startswith("tests."):
            yield one
            yield from of_ours(one)


def test_each_has_a_sentence_and_a_code_of_its_own():
    found = set(of_ours())
    assert {accounts.refusals.LastOperator, todos.refusals.LastOwner, todos.demo.seeding.NotOurs} < found
    assert {one.__name__ for one in found if not one.sentence} == MADE_OF_FACTS
    told = Counter(one.code for one in found if one.sentence)
    assert [code for code, count in told.items() if count > 1] == []


def test_what_is_given_stands_above_what_the_class_says():
    refusal = todos.refusals.LastOwner("Not so.", code="so")
    assert (str(refusal), refusal.code) == ("Not so.", "so")
    assert todos.refusals.LastOwner.code == "last_owner"


def test_sentences_outlive_optimisation():
    """`python -OO` has no docstrings."""
    code = (
        "import django; from django.conf import settings; settings.configure(); django.setup();"
        "from workflows.core.errors import InvalidValue; print(InvalidValue(what='limit', value=0, why='too small'))"
    )
    ran = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "limit is 0: too small.\n"

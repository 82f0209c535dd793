"""Names in a ZIP, as Windows takes them."""

import pytest

from accounts.leaving.archive_names import extractable


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("files/7/Küche am Fenster (2).png", "files/7/Küche am Fenster (2).png"),
        ("CON.png", "_CON.png"),
        ("con.tar.gz", "_con.tar.gz"),
        ("Nul", "_Nul"),
        ("COM¹ .pdf", "_COM¹.pdf"),
        ("CONTRACT.pdf", "CONTRACT.pdf"),
        ('a<b>:c|d?e*f".png', "a_b__c_d_e_f_.png"),
        ("a\\b\x07.png", "a_b_.png"),
        ("ends.png. .", "ends.png"),
        ("aux/lpt1.x/a. /b.png", "_aux/_lpt1.x/a/b.png"),
        ("../.../b.png", "_/_/b.png"),
        ("x" * 251 + ".png", "x" * 116 + ".png"),
        ("x." + "y" * 200, "x." + "y" * 118),
        ("", "_"),
    ],
)
def test_a_name_that_can_be_extracted(name, expected):
    assert extractable(name, taken=set()) == expected


def test_each_name_is_another_one_whatever_its_case():
    taken: set[str] = set()
    names = ["a/Plan.png", "a/plan.PNG", "b/plan.png", "A/plan (2).png", "a/plan.png", "ü", "u\N{COMBINING DIAERESIS}"]
    assert [extractable(name, taken=taken) for name in names] == [
        *("a/Plan.png", "a/plan (2).PNG", "b/plan.png", "A/plan (2) (2).png"),
        *("a/plan (3).png", "ü", "u\N{COMBINING DIAERESIS} (2)"),
    ]
    cut = [extractable("x" * length + ".png", taken=taken) for length in (130, 131)]
    assert cut == [f"{'x' * 116}.png", f"{'x' * 112} (2).png"]

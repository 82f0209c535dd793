import time
import uuid

from project.lib.uuid7 import uuid7


def test_it_has_the_layout_of_rfc_9562(monkeypatch):
    """The example of the RFC's appendix A.6: 2022-02-22 14:22:22 -0500, with these random bits."""
    monkeypatch.setattr(time, "time_ns", lambda: 0x017F22E279B0 * 1_000_000 + 999_999)
    monkeypatch.setattr("os.urandom", lambda _count: bytes.fromhex("fcc318c4dc0c0c07398f"))
    assert uuid7() == uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


def test_version_and_variant_whatever_is_random(monkeypatch):
    for byte in (b"\x00", b"\xff"):
        monkeypatch.setattr("os.urandom", lambda count, byte=byte: byte * count)
        made = uuid7()
        assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_later_ones_sort_behind_earlier_ones(monkeypatch):
    made = []
    for millisecond in (0, 1, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda at=millisecond: at * 1_000_000)
        made.append(uuid7())
    assert sorted(made) == made


def test_they_differ():
    assert len({uuid7() for _one in range(1000)}) == 1000

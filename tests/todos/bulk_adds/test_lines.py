"""Lines as they are read from a stream, whatever its chunks."""

import random

import pytest

from todos.bulk_adds.lines import LINE_BYTES, read_lines
from todos.models.skippedlines import Problem, explain


def read(data: bytes, *, chunk: int = 7):
    return list(read_lines(data[start : start + chunk] for start in range(0, len(data), chunk)))


def texts(data: bytes, **options) -> list[str | None]:
    return [None if line.refusal else line.text for line in read(data, **options)]


@pytest.mark.parametrize("chunk", [1, 2, 3, 64])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        (b"a\n\n", ["a", None]),
        (b"a\r\r\nb", ["a", None, "b"]),
        (b"\n\r", [None, None]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", ["a", "\ufeffb"]),
        (b"\xef\xbb\xbf", [None]),
        ("  Fenster\tputzen \u2028 é🌊".encode(), ["Fenster putzen é🌊"]),
        (b"a\x0bb\x0cc", ["a b c"]),
    ],
)
def test_line_ends_and_white_space(data, expected, chunk):
    assert texts(data, chunk=chunk) == expected


@pytest.mark.parametrize(
    ("data", "problem", "detail", "place"),
    [
        (b"  \t ", Problem.EMPTY, "", None),
        ("\u200b".encode(), Problem.INVISIBLE, "", None),
        (b"ab\x00c", Problem.CONTROL, "U+0000", 3),
        (b"\x1b[31m", Problem.CONTROL, "U+001B", 1),
        (b"caf\xe9 au lait", Problem.ENCODING, "0xE9", 4),
        (b"\xef\xbb\xbf\xff", Problem.ENCODING, "0xFF", 4),
        (b"\xed\xa0\x80", Problem.ENCODING, "0xED", 1),
        (b"x" * 501, Problem.TOO_LONG, "501", None),
        (b"x" * (LINE_BYTES + 10), Problem.TOO_LONG, "", None),
    ],
)
def test_what_is_no_to_do_is_told_why(data, problem, detail, place):
    [line] = read(data)
    assert line.refusal
    assert line.refusal[:3] == (problem, detail, place)
    assert explain(problem, detail=detail, place=place)
    assert line.refusal.excerpt.isprintable()


def test_the_longest_text_is_taken_in_any_script():
    for character in ("x", "ß", "漢", "🌊"):
        assert texts((character * 500).encode()) == [character * 500]


def test_a_line_of_any_length_is_passed_over_without_keeping_it():
    def chunks():
        yield b"before\n"
        for _ in range(1600):
            yield b"x" * 65536
        yield b"\r\nafter"

    before, long, after = read_lines(chunks())
    assert (before.text, after.text) == ("before", "after")
    assert long.refusal.problem == Problem.TOO_LONG
    assert (long.start, long.end) == (7, 7 + 1600 * 65536 + 2)
    assert after.number == 3


def test_reading_from_the_middle_gives_the_same_lines():
    rng = random.Random(7)
    pieces = [b"a", b"\n", b"\r\n", b"\r", b"\xff", b" ", "🌊".encode(), b"\x00", b"x" * 600, b"y" * (LINE_BYTES + 1)]
    for _ in range(100):
        data = b"".join(rng.choices(pieces, weights=[9] * 9 + [1], k=30))
        whole = read(data, chunk=rng.randint(1, 99))
        assert [line.end for line in whole[:-1]] == [line.start for line in whole[1:]]
        assert whole[-1].end == len(data)
        first, last = sorted(rng.choices(whole, k=2))
        part = data[first.start : last.end]
        again = list(read_lines([part], number=first.number, start=first.start))
        assert again == [line for line in whole if first.number <= line.number <= last.number]

"""Functions for plain django-q2."""


def trivial(number: int = 0) -> int:
    return number + 1


def three() -> int:
    return trivial(trivial(trivial(0)))

import os
import socket
import sqlite3

import pytest
from django.core.management.base import CommandError

from project import prepare


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_a_second_owner_of_the_data_folder_is_refused(data_dir):
    with prepare.lock_data_dir(), pytest.raises(CommandError, match=f"process {os.getpid()}") as refused:
        prepare.lock_data_dir()
    assert refused.value.returncode == 2
    prepare.lock_data_dir().close()


def test_a_busy_port_is_refused(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match="PORT=") as refused:
            prepare.listen()
    assert refused.value.returncode == 2


def test_an_impossible_host_is_refused(settings):
    settings.HOST = "no.such.host.invalid"
    with pytest.raises(CommandError, match="Cannot listen"):
        prepare.listen()


def test_the_last_three_copies_are_kept_whole(data_dir):
    database = data_dir / "holdfast.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE todo (text)")
        for number in range(5):
            connection.execute("INSERT INTO todo VALUES (?)", [f"to-do {number}"])
            connection.commit()  # lies in the write-ahead log, not yet in the file
            copy = prepare.keep_copy(database)
    copies = sorted((data_dir / "backups").iterdir())
    assert len(copies) == 3
    assert copies[-1] == copy
    with sqlite3.connect(copy) as kept:
        assert kept.execute("SELECT count(*) FROM todo").fetchone() == (5,)

"""The file of the environment is changed line by line; a shell reads what we read."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.app.setup.environment_file import EnvironmentFile
from signaling.core.errors import SettingsError

OLD = """# Settings of the server.
DIEMCAU_WORKERS=2

DIEMCAU_PORT=8443
OTHER='of somebody else'
DIEMCAU_PORT=9443
"""


def test_lines_that_do_not_change_stay_as_they_are() -> None:
    file = EnvironmentFile.read(OLD.encode())
    assert file.values == {"DIEMCAU_WORKERS": "2", "DIEMCAU_PORT": "9443", "OTHER": "of somebody else"}
    assert file.changed({"DIEMCAU_PORT": "9443", "DIEMCAU_GROUPS": None}) is file
    changed = file.changed({"DIEMCAU_PORT": "443", "DIEMCAU_GROUPS": "/srv/hai nhóm.yaml", "DIEMCAU_WORKERS": None})
    assert changed.text() == (
        "# Settings of the server.\n\nOTHER='of somebody else'\nDIEMCAU_PORT=443\nDIEMCAU_GROUPS='/srv/hai nhóm.yaml'\n"
    )
    assert EnvironmentFile().changed({"A": "1"}).text() == "A=1\n"
    assert EnvironmentFile.read(b"A=1").changed({"B": "2"}).text() == "A=1\nB=2\n"


@pytest.mark.parametrize(
    "line",
    [
        *(
            "A=$B",
            "A=`id`",
            "A=b c",
            "A=b;id",
            "export A=1",
            "A= b",
            'A="$B"',
            "A='b",
            "A=b\\",
            "A='b'c",
            "A=b # c",
            "b",
        ),
        *("A=b\r", "A=~/b", "A=(b)", "A='b\\'"),
    ],
)
def test_a_line_that_systemd_and_a_shell_could_read_differently_is_refused(line: str) -> None:
    with pytest.raises(SettingsError, match="line 2 is not NAME=value"):
        EnvironmentFile.read(f"\n{line}".encode())


@pytest.mark.parametrize("value", ["it's", "a\\b", "a\nb", "\x7f"])
def test_a_value_that_no_line_can_hold_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="has a quote, a backslash or a control character"):
        EnvironmentFile().changed({"A": value})


@given(value=st.text(st.characters(exclude_characters="'\\\x7f", exclude_categories=("Cs", "Cc")), max_size=40))
def test_what_is_written_is_read_again(value: str) -> None:
    written = EnvironmentFile().changed({"A": value}).text()
    assert EnvironmentFile.read(written.encode()).values == {"A": value}


def test_a_shell_reads_the_same(tmp_path: Path) -> None:
    values = {
        "A": "smtps://u:p%40ss@h:465",
        "B": '$(id) `id` "x" ; & | # ~ *',
        "C": "",
        "D": "a:b,c/d@e+f=g",
        "E": "Hà Nội",
    }
    path = tmp_path / "env"
    path.write_text(EnvironmentFile().changed(values).text())
    shell = f". {path}; printf '%s\\0' " + " ".join(f'"${name}"' for name in values)
    read = subprocess.run(["sh", "-c", shell], capture_output=True, check=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert read.stdout.decode().split("\0")[:-1] == list(values.values())

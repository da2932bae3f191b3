"""The configuration file: what it overrules, what overrules it, its mistakes with their lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coproarchive.config_file import SettingsError
from coproarchive.settings import load_settings

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write coproarchive.toml into the working folder."""
    monkeypatch.chdir(tmp_path)

    def write_it(text: str) -> Path:
        path = tmp_path / "coproarchive.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_it


def test_an_option_overrules_the_environment_that_the_file_and_that_the_default(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting comes from the first place that has it, and says from which."""
    write("port = 8601\nread_seconds = 7\nfile_size_mb = 5\n")
    monkeypatch.setenv("COPROARCHIVE_PORT", "8602")
    monkeypatch.setenv("COPROARCHIVE_READ_SECONDS", "8")
    loaded = load_settings({"port": 8603})
    settings = loaded.settings
    assert (settings.port, settings.read_seconds, settings.file_size_mb) == (8603, 8.0, 5)
    assert settings.read_memory_mb == 2048
    assert loaded.origins["port"] == "option --port"
    assert loaded.origins["read_seconds"] == "environment COPROARCHIVE_READ_SECONDS"
    assert loaded.origins["file_size_mb"] == "coproarchive.toml, line 3"
    assert loaded.origins["read_memory_mb"] == "default"


def test_folders_are_those_of_the_file(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is named from elsewhere means the same folders; a switch is true or false."""
    path = write('archive = "talks"\ncount_empty = false\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = load_settings(config=path).settings
    assert settings.archive == tmp_path / "talks"
    assert settings.index == tmp_path / "talks-index"
    assert settings.count_empty == "off"
    monkeypatch.setenv("COPROARCHIVE_CONFIG", str(path))
    assert load_settings().settings.archive == tmp_path / "talks"
    monkeypatch.delenv("COPROARCHIVE_CONFIG")
    assert load_settings().config is None


def test_what_windows_editors_write_is_read(write: Write) -> None:
    """A byte order mark and CRLF are no mistakes."""
    path = write("")
    path.write_bytes("\ufeffport = 8604\r\n".encode())
    assert load_settings().settings.port == 8604


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# a\n\nprot = 1\n", 'line 3: there is no setting "prot". Did you mean "port"?'),
        ("host = 'x'\nport = '8601'\n", "line 2: port must be a whole number"),
        ("port = true\n", "line 1: port must be a whole number"),
        ("port = 1.5\n", "line 1: port must be a whole number"),
        ("read_seconds = 'long'\n", "line 1: read_seconds must be a number"),
        ("archive = 5\n", "line 1: archive must be text in quotes"),
        ("count_empty = 1\n", "line 1: count_empty must be true or false"),
        ("[server]\nport = 5\n", 'line 1: there is no setting "server"'),
        ("\nport = 99999\n", "coproarchive.toml, line 2: port: Input should be less than"),
        ("ocr = 'maybe'\n", "coproarchive.toml, line 1: ocr: "),
        ("port 5\n", "this is not TOML"),
        ("port = 5\nprot = 6\nhots = 7\n", "line 3: there is no setting"),
    ],
)
def test_a_mistake_is_named_with_its_line(write: Write, text: str, message: str) -> None:
    """All mistakes of a kind at once, as of a record."""
    write(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert message in str(caught.value)
    assert "coproarchive.toml" in str(caught.value)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says whether the environment or an option has the mistake."""
    monkeypatch.setenv("COPROARCHIVE_WORKERS", "many")
    with pytest.raises(SettingsError, match="environment COPROARCHIVE_WORKERS: workers: "):
        load_settings()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_a_file_of_somebody_elses_in_the_working_folder_is_refused(write: Write) -> None:
    """It can name a program to run (office); --config says that it is meant."""
    path = write("port = 8605\n")
    path.chmod(0o666)
    with pytest.raises(SettingsError, match="another user can write"):
        load_settings()
    assert load_settings(config=path).settings.port == 8605


def test_the_command_line_takes_it_before_and_after_the_command(tmp_path: Path) -> None:
    """As --archive and --index; what is wrong is wrong usage, without a traceback."""
    settings = tmp_path / "my.toml"
    settings.write_text('archive = "talks"\n')
    for words in (["--config", str(settings), "init"], ["check", f"--config={settings}"]):
        done = subprocess.run(
            [sys.executable, "-m", "coproarchive", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "talks" / "archive.yaml").is_file()
    settings.write_text("archiv = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "coproarchive", "--config", str(settings), "check"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'line 1: there is no setting "archiv". Did you mean "archive"?' in done.stderr
    assert "Traceback" not in done.stderr

"""Set-up: which Pythons, when it is done again, and what clean takes away."""

import json

import pytest

import bootstrap


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_a_python_that_does_not_fit_ends_in_one_line_with_the_way_out(version):
    with pytest.raises(
        SystemExit, match="needs Python 3.11 to 3.13; this is"
    ) as caught:
        bootstrap.check_python(version)
    assert "make env PYTHON=python3." in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_python_that_fits_passes():
    assert bootstrap.check_python((3, 12)) is None


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """A pretended environment, and the list of installs that were asked for."""
    installs = []
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path)
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    monkeypatch.setattr(bootstrap, "install", installs.append)
    return installs


def test_a_second_call_does_no_set_up_again(venv):
    assert bootstrap.set_up() is True
    assert bootstrap.set_up() is False
    assert venv == ["default"]


def test_another_torch_is_set_up_once_and_then_kept(venv):
    for torch in (None, "cpu", None, "cpu"):
        bootstrap.set_up(torch)
    assert venv == ["default", "cpu"]


def test_changed_pins_are_set_up_again(venv):
    bootstrap.set_up()
    stamp = json.loads(bootstrap.STAMP.read_text())
    bootstrap.STAMP.write_text(json.dumps({**stamp, "inputs": "older"}))
    assert bootstrap.set_up() is True


def test_an_interrupted_set_up_is_redone(venv, monkeypatch):
    def stop(torch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", stop)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.set_up()
    assert bootstrap.set_up() is True


def test_a_set_up_begun_over_a_finished_one_forgets_it_first(venv, monkeypatch):
    bootstrap.set_up()

    def stop(torch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", stop)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.set_up("cpu")
    assert bootstrap.set_up() is True


@pytest.mark.parametrize("command", ["clean", "distclean"])
def test_clean_says_what_it_removes_and_keeps_the_gallery_and_the_store(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    for name in ("reports/a/quick", "reports/gallery", "work", ".venv"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text("x" * 100_000)
    for name in ("store", "surrogates"):
        (tmp_path / ".emolib" / name).mkdir(parents=True)
    bootstrap.main([command])
    assert "Removing reports/a  (1 files, 0.1 MB)" in capsys.readouterr().out
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"reports", ".emolib"} | ({".venv"} if command == "clean" else set())
    assert (tmp_path / "reports/gallery/file").exists()
    assert (tmp_path / ".emolib/store").exists()
    assert (tmp_path / ".emolib/surrogates").exists() is (command == "clean")


def test_pip_configuration_reaches_uv_in_its_own_words(monkeypatch):
    printed = "global.index-url='https://a/b=c'\n:env:.find-links='/wheels'\n"
    done = bootstrap.subprocess.CompletedProcess([], 0, stdout=printed)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: done)
    expected = {"UV_DEFAULT_INDEX": "https://a/b=c", "UV_FIND_LINKS": "/wheels"}
    assert bootstrap.uv_settings() == expected


def test_every_command_explains_itself_in_one_line(capsys):
    bootstrap.main(["help"])
    printed = capsys.readouterr().out
    makefile = (bootstrap.ROOT / "Makefile").read_text(encoding="utf-8")
    for name, command in bootstrap.COMMANDS.items():
        assert f"  {name:<10} {command.__doc__}" in printed
        assert "\n" not in command.__doc__
        assert f" {name}" in makefile.partition(".PHONY:")[2].splitlines()[0]

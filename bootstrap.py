"""Set up emolib and run its commands: ``python bootstrap.py help``.

The Makefile calls this file and Windows, where there is no make, calls it directly.
It uses the standard library alone, because it runs before anything is installed:
`env` makes the virtual environment ``.venv`` from `pyproject.toml` and the pins in
`constraints.txt`, and every other command makes it first where it is missing. A stamp,
written last, records what was installed; an interrupted set-up has none and is redone.
"""

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "emolib-setup.json"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 13)  # what the pins in constraints.txt have wheels for
EXTRAS = "video,dev"
MAX_KB = 500
CELL_TIMEOUT_S = 300
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
OFFLINE = ROOT / "tests" / "offline"  # on PYTHONPATH it blocks the network


# ---------------------------------------------------------------- set-up


def check_python(version=None):
    """Exit with one line and the way out unless this Python fits the pins."""
    version = tuple(version or sys.version_info[:2])
    if OLDEST <= version <= NEWEST:
        return
    found = [n for n in range(NEWEST[1], OLDEST[1] - 1, -1) if runs(f"python3.{n}")]
    minor = found[0] if found else NEWEST[1]
    way_out = f"make env PYTHON=python3.{minor}"
    if os.name == "nt":
        way_out = f"py -3.{minor} bootstrap.py env"
    supported = "{}.{} to {}.{}".format(*OLDEST, *NEWEST)
    sys.exit(
        f"emolib needs Python {supported}; this is {version[0]}.{version[1]}. "
        f"{'Run' if found else 'Install one of them, then run'}: {way_out}"
    )


def runs(name):
    """Return whether `name` is a Python that starts (a version manager's may not)."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return bool(shutil.which(name)) and not subprocess.call([name, "-V"], **quiet)


def set_up(torch=None):
    """Make ``.venv`` unless the stamp says that it is there and up to date."""
    stamp = read_json(STAMP)
    torch = torch or stamp.get("torch", "default")
    wanted = {"inputs": inputs_digest(), "torch": torch}
    if {key: stamp.get(key) for key in wanted} == wanted and PYTHON.exists():
        return False
    check_python()
    leave_own_environment()
    STAMP.unlink(missing_ok=True)
    start = time.monotonic()
    say("Set-up 1/2: virtual environment .venv")
    make_venv()
    say("Set-up 2/2: pinned packages (about 2 minutes and 2 GB; log: .venv/setup.log)")
    install(torch)
    wanted["python"] = sys.version.split()[0]
    part = STAMP.with_suffix(".part")
    part.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    part.replace(STAMP)
    say(f"Set-up done in {time.monotonic() - start:.0f} s.")
    return True


def read_json(path):
    """Return what a JSON file holds, or an empty dictionary when it holds none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def inputs_digest():
    """Return a digest of what set-up reads: requirements, pins and this file."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = {key: project[key] for key in ("build-system", "project")}
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for name in ("constraints.txt", "bootstrap.py"):
        text = (ROOT / name).read_text(encoding="utf-8")  # same digest for CRLF
        digest.update(text.encode())
    return digest.hexdigest()


def leave_own_environment():
    """Start again with the base Python when run by the one about to be replaced."""
    base = getattr(sys, "_base_executable", sys.executable)
    if Path(sys.prefix).resolve() == VENV.resolve() and base != sys.executable:
        sys.exit(subprocess.call([base, str(ROOT / "bootstrap.py"), *sys.argv[1:]]))


def make_venv():
    """Make an empty ``.venv``; on a bare Debian, fetch what `venv` lacks first."""
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if can_make_venv():
        subprocess.run(command, check=True)
        return
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    by_hand = f"sudo apt-get install {package}"
    quiet = subprocess.DEVNULL
    if not shutil.which("apt-get"):
        sys.exit("This Python has no ensurepip, so it cannot make .venv: use another.")
    say(f"  This Python has no ensurepip: {by_hand}")
    sudo = [] if getattr(os, "geteuid", lambda: 1)() == 0 else ["sudo", "-n"]
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install_it = [*sudo, *apt, "install", "-y", "--no-install-recommends", package]
    for step in ([*sudo, *apt, "update"], install_it):
        if (sudo and not shutil.which("sudo")) or subprocess.call(step, stdout=quiet):
            sys.exit(f"{package} could not be installed. Please type: {by_hand}")
    subprocess.run(command, check=True)


def can_make_venv():
    """Return whether this Python carries pip for new environments."""
    importlib.invalidate_caches()
    return importlib.util.find_spec("ensurepip") is not None


def install(torch):
    """Install the project and its pinned closure into ``.venv``, by pip or by uv."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    pinned = ["-c", "constraints.txt", "-e", f".[{EXTRAS}]"]
    if torch == "default":
        run_logged([*pip, *pinned])
        return
    run_logged([*pip, "uv"])
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON)]
    uv += ["--compile-bytecode", f"--torch-backend={torch}"]
    run_logged([*uv, *pinned], env={**uv_settings(), **os.environ})


def uv_settings():
    """Return pip's own configuration in uv's words, since uv does not read it."""
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True
    )
    lines = (line.partition("=") for line in listed.stdout.splitlines() if "=" in line)
    pip = {key.rpartition(".")[2]: ast.literal_eval(value) for key, _, value in lines}
    words = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
    }
    return {word: pip[key] for key, word in words.items() if key in pip}


def run_logged(command, env=None):
    """Run `command` with its output in the log, showing the seconds on a terminal."""
    log, start = VENV / "setup.log", time.monotonic()
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, env=env
        )
        try:
            while process.poll() is None:
                time.sleep(0.5)
                if sys.stdout.isatty():
                    print(f"\r  {time.monotonic() - start:.0f} s", end="", flush=True)
        except BaseException:
            process.terminate()
            raise
    if sys.stdout.isatty():
        print("\r", end="")
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        say(*tail)
        sys.exit("Set-up failed; the lines above end .venv/setup.log.")


# ---------------------------------------------------------------- commands


def env(options):
    """Make the environment .venv (TORCH=cpu or auto picks the torch build)."""
    if not set_up(options.torch):
        say("Set-up is up to date: .venv")


def reports(options):
    """Run every notebook into reports/ (TIER=smoke|quick|full|paper NOTEBOOK=X)."""
    command = ["-m", "emolib", "reports", "--tier", options.tier or "quick"]
    for name in ("notebook", "cores"):
        value = getattr(options, name)
        command += [f"--{name}", value] if value else []
    run_python(*command)


def test(options):
    """Run the tests, then the notebooks against their saved checks (NOTEBOOK=X)."""
    if not options.notebook:
        say("Tests 1/2: the package")
        workers = ["-n", "auto", "--maxprocesses=4", "--dist=loadfile"]
        workers += ["-p", "no:nbval"]  # it takes a second to load, in each worker
        run_python("-m", "pytest", *workers, *options.rest, env=ONE_THREAD)
    chosen = f"{options.notebook}.ipynb" if options.notebook else "*.ipynb"
    notebooks = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "notebooks").rglob(chosen)
        if ".ipynb_checkpoints" not in path.parts
    )
    if options.notebook and not notebooks:
        sys.exit(f"NOTEBOOK must be a file of notebooks/; got {options.notebook!r}.")
    test_notebooks(notebooks)


def test_notebooks(notebooks):
    """Run nbval on each notebook, some at a time, with a line as each one ends."""
    record = ROOT / ".emolib" / "test_seconds.json"
    known, at_once = read_json(record), min(4, os.cpu_count() or 1)
    say(f"Tests 2/2: {len(notebooks)} notebooks, {at_once} at a time")
    failed = []
    with ThreadPoolExecutor(at_once) as pool:
        jobs = {pool.submit(test_notebook, name): name for name in notebooks}
        for n, job in enumerate(as_completed(jobs), 1):
            name, (passed, seconds, output) = jobs[job], job.result()
            expected = f"expected {known[name]:.0f} s" if name in known else "first run"
            verdict = "passed" if passed else "FAILED"
            say(f"  {n}/{len(jobs)} {name}: {verdict} in {seconds:.0f} s ({expected})")
            if passed:
                known[name] = seconds
            else:
                failed.append(name)
                say(output)
    record.parent.mkdir(exist_ok=True)
    record.write_text(json.dumps(known, indent=1), encoding="utf-8")
    if failed:
        sys.exit(f"Notebooks that failed: {', '.join(failed)}")


def test_notebook(name):
    """Return whether nbval passed on one notebook, its seconds and what it printed.

    Without a network: after set-up nothing may touch it.
    """
    start = time.monotonic()
    limit = f"--nbval-cell-timeout={CELL_TIMEOUT_S}"
    paths = [str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [str(PYTHON), "-m", "pytest", "--nbval-lax", limit, name],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode == 0, time.monotonic() - start, done.stdout


def check(_):
    """Check format, lint and spelling of code and notebooks, and file sizes."""
    failed = [
        run_python("-m", *words, check=False)
        for words in (
            ["ruff", "format", "--check", "."],
            ["ruff", "check", "."],
            ["codespell_lib", *spelled_files()],
        )
    ]
    large = [p for p in tracked_files() if p.stat().st_size > MAX_KB * 1000]
    for path in large:
        say(f"{path.relative_to(ROOT)} is larger than {MAX_KB} kB: make it smaller.")
    if any(failed) or large:
        sys.exit("make check: failed")
    say("make check: all in order")


def lab(_):
    """Open JupyterLab in this folder."""
    run_python("-m", "jupyterlab")


def gallery(_):
    """Copy one finished run of each notebook into reports/gallery/."""
    run_python("-m", "emolib", "gallery")


def bench(_):
    """Time what should be fast (not part of the tests)."""
    run_python("-m", "pytest", "benchmarks")


def clean(_):
    """Remove reports/ (but its gallery) and work/."""
    kept = {"gallery"}
    made = [p for p in (ROOT / "reports").glob("*") if p.name not in kept]
    remove([*made, ROOT / "work"])
    say("Kept: reports/gallery, .venv and .emolib (finished work; surrogates).")


def distclean(options):
    """Remove what clean does, and .venv, surrogates and caches; not the store."""
    leave_own_environment()
    ours = [p for p in ROOT.iterdir() if p.is_dir() and p.name[0] != "."]
    bytecode = [
        ROOT / "__pycache__",
        *(p for f in ours for p in f.rglob("__pycache__")),
    ]
    names = (".snakemake", ".pytest_cache", ".ruff_cache", ".hypothesis", ".benchmarks")
    built = [ROOT / "build", *ROOT.glob("*.egg-info"), *(ROOT / n for n in names)]
    made = [p for p in (ROOT / "reports").glob("*") if p.name != "gallery"]
    surrogates = ROOT / ".emolib" / "surrogates"
    remove([*made, ROOT / "work", VENV, surrogates, *built, *bytecode])
    say("Kept: reports/gallery and .emolib/store (finished work; delete it by hand).")


def show_help(_):
    """Show this list."""
    say("make COMMAND  (without make: python bootstrap.py COMMAND)", "")
    for name, command in COMMANDS.items():
        say(f"  {name:<10} {command.__doc__}")
    say("", "Options: TIER= NOTEBOOK= CORES= TORCH= PYTHON=python3.12", "")


COMMANDS = {
    "reports": reports,
    "test": test,
    "help": show_help,
    "env": env,
    "check": check,
    "lab": lab,
    "gallery": gallery,
    "bench": bench,
    "clean": clean,
    "distclean": distclean,
}
WITHOUT_ENVIRONMENT = ("help", "env", "clean", "distclean")


# ---------------------------------------------------------------- small tools


def say(*lines):
    """Print `lines` at once, so that they keep their place among other output."""
    for line in lines:
        print(line, flush=True)


def run_python(*words, env=None, check=True):
    """Run the environment's Python; return its exit status, or exit with it."""
    status = subprocess.call(
        [str(PYTHON), *words], cwd=ROOT, env={**os.environ, **(env or {})}
    )
    if status and check:
        sys.exit(status)
    return status


def tracked_files():
    """Return the files git knows; without git, all files but hidden and made ones."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if shutil.which("git") and (ROOT / ".git").exists():
        text = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
        paths = [ROOT / name for name in text.stdout.decode().split("\0") if name]
        return sorted(path for path in paths if path.is_file())
    made = {"reports", "work", "build"}
    inside = [p for p in ROOT.iterdir() if p.name[0] != "." and p.name not in made]
    files = [f for p in inside for f in ([p] if p.is_file() else p.rglob("*"))]
    return sorted(f for f in files if f.is_file() and "__pycache__" not in f.parts)


def spelled_files():
    """Return the tracked text files that codespell reads, as relative names."""
    kinds = {".py", ".md", ".ipynb", ".yaml", ".yml", ".toml", ".cff", ".csv"}
    chosen = [path for path in tracked_files() if path.suffix in kinds]
    return [str(path.relative_to(ROOT)) for path in chosen]


def remove(paths):
    """Remove `paths`, saying what and how much."""
    for path in paths:
        if not path.exists():
            continue
        inside = [path] if path.is_file() else list(path.rglob("*"))
        files = [p for p in inside if p.is_file() and not p.is_symlink()]
        size = sum(p.stat().st_size for p in files) / 1e6
        say(f"Removing {path.relative_to(ROOT)}  ({len(files)} files, {size:.1f} MB)")
        path.unlink() if path.is_file() else shutil.rmtree(path)


def parse(arguments):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="bootstrap.py", description=__doc__)
    parser.add_argument("command", choices=list(COMMANDS), nargs="?", default="help")
    parser.add_argument("--torch", choices=["default", "cpu", "auto"])
    parser.add_argument("--tier", choices=["smoke", "quick", "full", "paper"])
    parser.add_argument("--notebook", help="the file name in notebooks/, no suffix")
    parser.add_argument("--cores", help="processes at once (default: all cores)")
    options, options.rest = parser.parse_known_args(arguments)
    return options


def main(arguments=None):
    """Run one command, making the environment first where it is needed."""
    options = parse(arguments)
    if options.command not in WITHOUT_ENVIRONMENT:
        set_up(options.torch)
    COMMANDS[options.command](options)


if __name__ == "__main__":
    check_python()
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Interrupted.")

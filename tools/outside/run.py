"""Lets strangers look at a Deedbook: schemathesis, gRPC with nothing but reflection or with the
reference's .proto, and curl.

    python3 tools/outside/run.py PROGRAM FOLDER

What it needs it installs into FOLDER/venv, in the versions of requirements.txt.
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SEED = "7"
CHECKS = (
    "no_fault",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)


def install(folder):
    """The virtual environment's Python; made again when what it is to hold changes."""
    wanted = HERE / "requirements.txt"
    venv, noted = folder / "venv", folder / "installed.txt"
    python = venv / "bin" / "python"
    if noted.exists() and noted.read_text() == wanted.read_text():
        return python
    print(f"installing into {venv}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", wanted], check=True)
    noted.write_text(wanted.read_text())
    return python


def schemathesis(python, program, who, examples):
    """Whether no request that it makes up, with that token, is answered other than documented."""
    from server import Server

    with Server(program) as server:
        command = [
            *(python.with_name("schemathesis"), "run", f"{server.url}/openapi.json"),
            *("--seed", SEED, "--max-examples", str(examples), "--continue-on-failure"),
            *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS)),
            *("--header", f"Authorization: Bearer {getattr(server, who)}"),
            *("--request-timeout", "30", "--warnings", "off", "--no-color"),
        ]
        hooks = {"PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "hooks"}
        quiet = {"PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(command, env={**os.environ, **hooks, **quiet}, cwd=server.folder.name)
        return ran.returncode == 0


def script(python, name, program):
    return subprocess.run([python, "-B", HERE / name, program]).returncode == 0


def main():
    program, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    python = install(folder)
    results = []
    for title, check in (
        ("gRPC by reflection", lambda: script(python, "grpc_by_reflection.py", program)),
        ("the control plane", lambda: script(python, "control_plane.py", program)),
        ("schemathesis, an admin", lambda: schemathesis(python, program, "admin", 40)),
        ("schemathesis, a reader", lambda: schemathesis(python, program, "reader", 10)),
    ):
        print(f"\n==> {title}", flush=True)
        results.append((title, check()))
    print()
    for title, is_well in results:
        print(f"{'ok    ' if is_well else 'FAILED'}  {title}")
    failed = sum(not is_well for _, is_well in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()

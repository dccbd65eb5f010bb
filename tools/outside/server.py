"""A Deedbook with tokens and a loaded book, in a folder of its own."""

import pathlib
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Server:
    """`with Server(program) as server:` has it run; afterwards it must end in good order."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="deedbook-outside-")
        self.book = pathlib.Path(self.folder.name, "book")
        self.admin = self.token("checker", "ADMIN")
        self.reader = self.token("onlooker", "REGISTRY_READ")
        self.log = pathlib.Path(self.folder.name, "log")
        serve = ["serve", "--listen", "127.0.0.1:0", "--wait", "0", "--load"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [self.program, "--data", self.book, *serve, REPOSITORY / "examples"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        first = self.process.stdout.readline()
        self.url = first.removeprefix("listening: ").strip()
        if not self.url.startswith("http://"):
            raise SystemExit(f"the server didn't start: {first}{self.log.read_text()}")
        self.address = self.url.removeprefix("http://")
        return self

    def token(self, name, capability):
        create = ["token", "create", name, "--capability", capability, "--quiet"]
        command = [self.program, "--data", self.book, *create]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        log = self.log.read_text()
        self.folder.cleanup()
        if status != 0 or "panicked" in log:
            raise SystemExit(f"the server ended with {status}:\n{log[-2000:]}")

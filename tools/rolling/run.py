#!/usr/bin/env python3
"""Looks shards up while nodes are changed one after the other, and then starts the book again.

    cargo build --release --workspace
    python3 tools/rolling/run.py target/release/deedbook [--namespaces 100] [--shards 1000] [--nodes 200] [--seconds 60]

Makes a book with so many namespaces, each with as many shards and nodes. Then, namespace by namespace, a node is drained,
its shards go elsewhere by a plan that is applied, and it comes back the same way, while `deedbook bench shard-get` asks for
shards at a rate. Prints what was moved, the latency of the look-ups, and what the book then takes to start and to hold.
Only Python's standard library is needed.
"""
import argparse
import http.client
import json
import pathlib
import signal
import subprocess
import tempfile
import time


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def serve(program, folder):
    begin = time.monotonic()
    command = [program, "serve", "--listen", "127.0.0.1:0", "--quiet", "--log-level", "error", "--data", folder]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    url = server.stdout.readline().decode().split()[1]
    return server, url, time.monotonic() - begin


class Book:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.split("//")[1])

    def ask(self, method, path, content=None):
        headers = {"content-type": "application/json"} if content is not None else {}
        body = content if isinstance(content, (bytes, type(None))) else json.dumps(content)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]}")
        return text

    def settle(self, namespace):
        """Plans and applies; how many shards moved."""
        plan = self.ask("GET", f"/v1/namespaces/{namespace}/plan")
        return json.loads(self.ask("POST", f"/v1/namespaces/{namespace}/apply", plan))["moves"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--namespaces", type=int, default=100)
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=2000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        measure(args, folder)


def measure(args, folder):
    server, url, _ = serve(args.program, folder)
    total = args.namespaces * args.shards
    bench = [args.program, "bench", "shard-get", "--url", url, "--components", str(total), "--connections", "16"]
    bench += ["--repeats", "1", "-o", "json"]
    subprocess.run([*bench, "--seconds", "1", "--warm-up", "0"], check=True, stdout=subprocess.DEVNULL)
    book = Book(url)
    namespaces = [f"bench-{number}" for number in range(args.namespaces)]
    for namespace in namespaces:
        writes = [{"op": "put", "kind": "node", "key": f"{namespace}/node-{node}", "document": {}}
                  for node in range(args.nodes)]
        book.ask("POST", "/v1/batch", {"writes": writes})
    settled = sum(book.settle(namespace) for namespace in namespaces)
    print(f"{args.namespaces} namespaces of {args.shards} shards and {args.nodes} nodes; {settled} shards moved at first")

    looking = subprocess.Popen([*bench, "--seconds", str(args.seconds), "--rate", str(args.rate)],
                               stdout=subprocess.PIPE)
    changes = moves = 0
    begin = time.monotonic()
    while looking.poll() is None:
        node, namespace = changes // 2 % args.nodes, namespaces[changes // 2 % args.namespaces]
        draining = {"draining": changes % 2 == 0}
        book.ask("PATCH", f"/v1/nodes/{namespace}/node-{node}", draining)
        moves += book.settle(namespace)
        changes += 1
    took = time.monotonic() - begin
    row = json.loads(looking.stdout.read())["rows"][0]
    print(f"{changes} changes of nodes in {took:.0f} s, each planned and applied: {moves} shards moved")
    print(f"{row['perSecond']['median']:.0f} look-ups a second meanwhile, {row['errors']} of them wrong: "
          f"p50 {row['p50Us'] / 1000:.2f} ms, p99 {row['p99Us'] / 1000:.2f} ms, p99.9 {row['p999Us'] / 1000:.2f} ms")
    if changes % 2 == 1:
        book.ask("PATCH", f"/v1/nodes/{namespaces[changes // 2 % args.namespaces]}"
                          f"/node-{changes // 2 % args.nodes}", {"draining": False})
    for namespace in namespaces:
        book.settle(namespace)
    left = sum(book.settle(namespace) for namespace in namespaces)
    print(f"afterwards {left} shards are elsewhere than planned; the server has {resident(server.pid):.0f} MiB")
    server.send_signal(signal.SIGTERM)
    server.wait()
    for _ in range(3):
        server, url, took = serve(args.program, folder)
        print(f"started in {took:.2f} s, {resident(server.pid):.0f} MiB")
        server.send_signal(signal.SIGTERM)
        server.wait()


if __name__ == "__main__":
    main()

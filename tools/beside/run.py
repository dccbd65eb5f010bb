#!/usr/bin/env python3
"""Deedbook beside what the machine could at best do, in one run, with one generator of load (wrk).

    cargo build --release --workspace
    cargo build --release -p deedbook-bench --example floor
    python3 tools/beside/run.py target/release [--repeats 3] [--seconds 4] [--threads 1]

The floor answers ready-made bytes and syncs what it is posted, together for all who wait; nothing else is behind it.
Deedbook has tokens on and answers one of 10,000 components and one of 10,000 shards, gives shards to other nodes, one and 64
a request, and registers components of 1 KB. Prints the median of each,
the least and the most, and the share of the floor. Only wrk and Python's standard library are needed.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

CAPABILITIES = ("REGISTRY_READ", "REGISTRY_WRITE", "MESH_READ", "MESH_OPERATE", "ADMIN")
UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6}

# Each request registers a component of its own, of about 1 KB.
REGISTER = """
math.randomseed(os.time())
local run, number = math.random(0, 0xffffff), 0
local text = string.rep("What it does is told here at some length. ", 16)
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer " .. os.getenv("TOKEN")
request = function()
  number = number + 1
  local name = string.format("beside_%06x_%d", run, number)
  local uuid = string.format("%08x-0000-4000-8000-%012x", run, number)
  return wrk.format(nil, "/v1/components", nil, '{"uuid":"' .. uuid .. '","name":"' .. name ..
    '","version":"1.0.0","meta_type":"tool","lifecycle":"active","author":"beside","description":"' .. text ..
    '","tags":["a","b"],"created_at":"2026-01-01T00:00:00Z","last_modified_at":"2026-01-01T00:00:00Z"}')
end
"""

# Each request gives a shard to another node.
TRANSFER = """
math.randomseed(os.time())
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer " .. os.getenv("TOKEN")
request = function()
  local number = math.random(0, 9999)
  local path = string.format("/v1/shards/bench-%d/shard-%d/transfer", number % 100, number)
  return wrk.format(nil, path, nil, string.format('{"ownerNodeId":"node-%d"}', math.random(0, 199)))
end
"""

# The same for 64 shards as one command.
MANY = """
math.randomseed(os.time())
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer " .. os.getenv("TOKEN")
request = function()
  local writes, first = {}, math.random(0, 155)
  for place = 1, 64 do
    local number = first * 64 + place - 1
    writes[place] = string.format(
      '{"op":"patch","kind":"shard","key":"bench-%d/shard-%d","patch":{"ownerNodeId":"node-%d"}}',
      number % 100, number, math.random(0, 199))
  end
  return wrk.format(nil, "/v1/batch", nil, '{"writes":[' .. table.concat(writes, ",") .. ']}')
end
"""

POST = """
wrk.method = "POST"
wrk.body = string.rep("x", 300)
"""


def wrk(url, connections, args, script=None, header=None, token=""):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{args.seconds}s", "--latency"]
    command += ["-s", script] if script else []
    command += ["-H", header] if header else []
    told = subprocess.run([*command, url], stdout=subprocess.PIPE, check=True, env={**os.environ, "TOKEN": token})
    text = told.stdout.decode()
    wrong = re.search(r"Non-2xx.*|Socket errors.*", text)
    if wrong:
        raise SystemExit(f"{url}: {wrong[0]}")
    latency = {share: float(value) * UNITS[unit]
               for share, value, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", text, re.M)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), latency["50"], latency["99"]


def measure(name, connections, args, floor=None, **asked):
    runs = []
    for _ in range(args.repeats):
        # A second of its own, so that no two runs register the same names.
        time.sleep(1.1)
        runs.append(wrk(connections=connections, args=args, **asked))
    runs.sort()
    rate, middle, tail = runs[len(runs) // 2]
    share = f"{100 * rate / floor:4.0f} %" if floor else ""
    print(f"{name:24} {connections:4} {rate:10.0f}/s  {runs[0][0]:8.0f} … {runs[-1][0]:8.0f}  "
          f"p50 {middle / 1000:7.2f} ms  p99 {tail / 1000:7.2f} ms  {share}", flush=True)
    return rate


def started(command, log):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(log, "wb"))
    return process, process.stdout.readline().decode().split()[1]


def ask(url, token):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("built", type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1, help="threads of the server")
    args = parser.parse_args()
    deedbook = args.built.resolve() / "deedbook"
    # On the disk that the folder is on, not in memory.
    with tempfile.TemporaryDirectory(dir=".") as folder:
        folder = pathlib.Path(folder)
        scripts = [folder / name for name in ("register.lua", "transfer.lua", "many.lua", "post.lua")]
        for path, text in zip(scripts, (REGISTER, TRANSFER, MANY, POST)):
            path.write_text(text)
        register, transfer, many, post = scripts
        floor, url = started([args.built.resolve() / "examples/floor", folder / "floor.data"], folder / "floor.log")
        get = measure("floor: GET", 64, args, url=url)
        posts = {count: measure("floor: durable POST", count, args, url=url, script=post) for count in (1, 64, 200)}
        floor.kill()
        floor.wait()
        book = folder / "book"
        rights = [word for name in CAPABILITIES for word in ("--capability", name)]
        create = [deedbook, "token", "create", "beside", *rights, "--quiet", "--data", book]
        token = subprocess.run(create, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        serve = [deedbook, "serve", "--listen", "127.0.0.1:0", "--threads", str(args.threads), "--data", book]
        server, url = started(serve, folder / "server.log")
        fill = [deedbook, "bench", "get", "shard-get", "--url", url, "--connections", "1", "--seconds", "1", "--repeats", "1"]
        subprocess.run(fill, stdout=subprocess.DEVNULL, check=True, env={**os.environ, "DEEDBOOK_TOKEN": token})
        # What the projection is behind costs a processor that the floor had to itself.
        while 'deedbook_projector_lag_changes 0\n' not in ask(url + "/metrics", token):
            time.sleep(0.2)
        key = json.loads(ask(url + "/v1/components?limit=1", token))["items"][0]["key"]
        header = "Authorization: Bearer " + token
        measure("deedbook: get by uuid", 64, args, get, url=f"{url}/v1/components/{key}", header=header)
        shard = f"{url}/v1/shards/bench-7/shard-107"
        measure("deedbook: get a shard", 64, args, get, url=shard, header=header)
        for count in (1, 64, 200):
            measure("deedbook: transfer", count, args, posts[count], url=url, script=transfer, token=token)
        for count in (1, 16):
            measure("deedbook: 64 transfers", count, args, url=url, script=many, token=token)
        for count in (1, 64, 200):
            measure("deedbook: register", count, args, posts[count], url=url, script=register, token=token)
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()

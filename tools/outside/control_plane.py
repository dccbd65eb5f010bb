"""Asks the shard control plane as clients of the reference do: Python's gRPC with its .proto, and curl.

    control_plane.py PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2
from grpc_tools import protoc

from server import REPOSITORY, Server
from service import PATIENCE, Service, equal, refused

PROTO = "omnirelay/mesh/control/v1/shard_control.proto"
SERVICE = "omnirelay.mesh.control.v1.ShardControlService"


def compiled():
    """What the .proto says; nothing is asked of the server."""
    with tempfile.TemporaryDirectory() as folder:
        found = pathlib.Path(folder, "set")
        include = pathlib.Path(protoc.__file__).parent / "_proto"
        options = [f"-I{REPOSITORY / 'proto'}", f"-I{include}", f"--descriptor_set_out={found}"]
        equal(protoc.main(["protoc", *options, PROTO]), 0)
        files = descriptor_pb2.FileDescriptorSet.FromString(found.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    for file in files.file:
        pool.Add(file)
    return pool


def control(channel, pool, token, *scopes):
    """The service with a token, and scopes in as many entries."""
    scopes = [("x-mesh-scope", scope) for scope in scopes]
    return Service(channel, pool, SERVICE, token, scopes)


def put(server, shard, owner):
    request = urllib.request.Request(
        f"{server.url}/v1/shards/outside/{shard}",
        data=json.dumps({"ownerNodeId": owner}).encode(),
        headers={
            "authorization": f"Bearer {server.admin}",
            "content-type": "application/json",
        },
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return int(answer.headers["deedbook-revision"])


def told(error):
    return dict(error.trailing_metadata())["error-code"]


def grpc_asks(server, channel, positions):
    pool = compiled()
    operating = control(channel, pool, server.admin, "other", "mesh.read;mesh.operate")
    page = operating.List(namespace="OUTSIDE", page_size=2)
    equal([shard.shard_id for shard in page.shards], ["s-0", "s-1"])
    equal(page.version, positions[-1])
    rest = operating.List(namespace="outside", cursor=page.next_cursor, statuses=[1])
    equal(([shard.shard_id for shard in rest.shards], rest.next_cursor), (["s-2"], ""))
    diff = operating.Diff(namespace="outside", from_token=positions[1])
    equal([change.position for change in diff.diffs], positions[1:])
    equal(diff.last_position >= positions[-1], True)
    equal(diff.diffs[-1].previous.owner_node_id, "node-a")
    nodes = [{"node_id": "node-a"}, {"node_id": "node-b", "weight": 1}]
    tried = operating.Simulate(namespace="outside", strategy_id="ring", nodes=nodes)
    equal(len(tried.assignments), 3)
    equal(all(change.changes_owner for change in tried.changes), True)

    events = operating.Watch(namespace="outside")
    equal([next(events).position for _ in range(2)], positions[:2])
    events.cancel()
    resumed = operating.Watch(namespace="outside", resume_token=positions[1])
    equal([next(resumed).position for _ in positions[2:]], positions[2:])
    positions.append(put(server, "s-3", "node-c"))
    equal(next(resumed).position, positions[-1])
    resumed.cancel()

    missing = refused(
        grpc.StatusCode.NOT_FOUND, operating.Simulate, namespace="nowhere", nodes=nodes
    )
    equal(told(missing), "shards.control.namespace.missing")
    cursor = refused(grpc.StatusCode.INVALID_ARGUMENT, operating.List, cursor="!")
    equal(told(cursor), "shards.control.cursor.invalid")
    reading = control(channel, pool, server.admin, "mesh.read")
    refused(grpc.StatusCode.PERMISSION_DENIED, reading.Diff)
    onlooker = control(channel, pool, server.reader, "mesh.operate")
    refused(grpc.StatusCode.PERMISSION_DENIED, onlooker.List)


class Curl:
    """`curl -N` at the watch, as a browser would come back: the address stays the same."""

    def __init__(self, server, last=None):
        command = ["curl", "-sN", "--max-time", str(PATIENCE), "-H", "x-mesh-scope: mesh.read"]
        command += ["-H", f"Authorization: Bearer {server.admin}"]
        if last is not None:
            command += ["-H", f"Last-Event-ID: {last}"]
        command.append(f"{server.url}/control/shards/watch?namespace=outside&resumeToken=0")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def ids(self, count):
        found = []
        while len(found) < count:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"the stream ended after {found}")
            if line.startswith("id: "):
                found.append(int(line.removeprefix("id: ")))
        return found

    def hang_up(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def curl_watches(server, positions):
    seen, last = [], None
    while len(seen) < len(positions):
        curl = Curl(server, last)
        seen += curl.ids(min(2, len(positions) - len(seen)))
        last = seen[-1]
        curl.hang_up()
    equal(seen, positions)
    curl = Curl(server, last)
    positions.append(put(server, "s-4", "node-a"))
    equal(curl.ids(1), positions[-1:])
    curl.hang_up()


def check(server):
    positions = [put(server, f"s-{number}", "node-a") for number in range(3)]
    positions.append(put(server, "s-1", "node-b"))
    with grpc.insecure_channel(server.address) as channel:
        grpc_asks(server, channel, positions)
    curl_watches(server, positions)


if __name__ == "__main__":
    with Server(sys.argv[1]) as running:
        check(running)
    print("the control plane from outside: all is well")

"""Calls `deedbook.v1` as a stranger: with what reflection tells, and no generated code."""

import json
import sys
import uuid

import grpc
from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from server import Server
from service import Service, equal, refused


def document(name):
    members = {
        "metadata_version": "0.3.0",
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "name": name,
        "version": "1.0.0",
        "meta_type": "tool",
        "tags": ["outside"],
    }
    return json.dumps(members)


def changes(events, count):
    """The next changes, and where to go on after them."""
    found, position = [], None
    while len(found) < count:
        event = next(events)
        if event.WhichOneof("event") == "progress":
            continue
        equal(event.WhichOneof("event"), "change")
        found.append(event.change)
        position = event.change.position or position
    return found, position


def services(database):
    found = set(database.get_services())
    wanted = {
        "deedbook.v1.ComponentService",
        "deedbook.v1.WatchService",
        "grpc.health.v1.Health",
    }
    equal(wanted - found, set())


def health(service):
    serving = service.service.methods_by_name["Check"].output_type.enum_values_by_name["SERVING"]
    for name in ("", "deedbook.v1.ComponentService", "deedbook.v1.WatchService"):
        equal(service.Check(service=name).status, serving.number)
    equal(next(service.Watch(service="")).status, serving.number)
    refused(grpc.StatusCode.NOT_FOUND, service.Check, service="nobody")


def register_and_get(components):
    written = components.Register(document=document("outside_one"))
    equal((written.record.generation, written.unchanged), (1, False))
    again = components.Register(document=document("outside_one"))
    equal((again.record.revision, again.unchanged), (written.record.revision, True))
    key = {"key": "outside_one", "version_spec": "^1"}
    got = components.Get(key=key).record
    equal((got.kind, got.revision), ("component", written.record.revision))
    equal(json.loads(got.data)["tags"], ["outside"])
    equal(components.Get(key={"key": got.key}).record, got)
    listed = components.List(tags=["outside"], limit=10)
    equal([record.key for record in listed.items], [got.key])
    updated = components.Update(
        key=key, patch='{"description":"Seen from outside."}', expected_generation=1
    )
    equal(updated.record.generation, 2)
    stale = refused(
        grpc.StatusCode.ABORTED, components.Update, key=key, patch="{}", expected_generation=1
    )
    details = dict(stale.trailing_metadata())["grpc-status-details-bin"]
    equal(b"deedbook.v1.Problem" in details, True)
    refused(grpc.StatusCode.NOT_FOUND, components.Get, key={"key": "nobody"})
    refused(grpc.StatusCode.INVALID_ARGUMENT, components.Register, document="{}")
    trial = components.Register(document=document("outside_two"), options={"dry_run": True})
    equal(trial.dry_run, True)
    refused(grpc.StatusCode.NOT_FOUND, components.Get, key={"key": "outside_two"})


def watch_and_resume(components, watch):
    all_of_it = list(watch.Watch(after="0", once=True))
    equal(all_of_it[-1].WhichOneof("event"), "progress")
    end = all_of_it[-1].progress
    told = [event.change for event in all_of_it if event.WhichOneof("event") == "change"]
    revisions = [change.change.revision for change in told]
    equal(revisions, list(range(1, end.revision + 1)))

    events = watch.Watch(after=end.position, kind="component")
    keys = []
    for name in ("outside_three", "outside_four"):
        keys.append(components.Register(document=document(name)).record.key)
    [first], position = changes(events, 1)
    equal((first.change.key, first.change.verb), (keys[0], "registered"))
    equal((first.HasField("previous"), first.record.generation), (False, 1))
    events.cancel()

    resumed = watch.Watch(after=position, kind="component")
    [second], _ = changes(resumed, 1)
    equal((second.change.key, second.change.revision), (keys[1], first.change.revision + 1))
    components.Remove(key={"key": "outside_four"})
    [gone], _ = changes(resumed, 1)
    equal((gone.change.key, gone.HasField("record")), (keys[1], False))
    equal((gone.previous.key, gone.change.previous), (keys[1], second.change.revision))
    resumed.cancel()

    elsewhere = position.split("-")[0] + "-00000000"
    answer = next(iter(watch.Watch(after=elsewhere, once=True)))
    equal(answer.WhichOneof("event"), "resync")


def credentials(channel, pool, reader):
    unknown = Service(channel, pool, "deedbook.v1.ComponentService")
    refused(grpc.StatusCode.UNAUTHENTICATED, unknown.Get, key={"key": "geo_index"})
    reading = Service(channel, pool, "deedbook.v1.ComponentService", reader)
    equal(reading.Get(key={"key": "geo_index"}).record.kind, "component")
    refused(
        grpc.StatusCode.PERMISSION_DENIED, reading.Register, document=document("outside_five")
    )


def check(server):
    with grpc.insecure_channel(server.address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = descriptor_pool.DescriptorPool(database)
        components = Service(channel, pool, "deedbook.v1.ComponentService", server.admin)
        watch = Service(channel, pool, "deedbook.v1.WatchService", server.admin)
        services(database)
        health(Service(channel, pool, "grpc.health.v1.Health"))
        register_and_get(components)
        watch_and_resume(components, watch)
        credentials(channel, pool, server.reader)


if __name__ == "__main__":
    with Server(sys.argv[1]) as running:
        check(running)
    print("gRPC by reflection: all is well")

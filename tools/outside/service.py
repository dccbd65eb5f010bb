"""A gRPC service by its description, with no generated code, and what is said of its answers."""

import grpc
from google.protobuf import message_factory

PATIENCE = 20


class Service:
    """A service that a pool describes; `service.Get(key={…})` calls a method of it."""

    def __init__(self, channel, pool, name, token=None, metadata=()):
        self.channel = channel
        self.service = pool.FindServiceByName(name)
        bearer = [("authorization", f"Bearer {token}")] if token else []
        self.metadata = [*bearer, *metadata]

    def __getattr__(self, name):
        method = self.service.methods_by_name[name]
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        call = kind(
            f"/{self.service.full_name}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        return lambda **members: call(
            request(**members), metadata=self.metadata, timeout=PATIENCE
        )


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r} instead of {expected!r}")


def refused(code, call, **members):
    """The call must be refused with that code."""
    try:
        call(**members)
    except grpc.RpcError as error:
        equal(error.code(), code)
        return error
    raise AssertionError(f"not refused with {code}")

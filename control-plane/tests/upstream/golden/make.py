"""Makes golden/*.hex of golden/*.message.json with the classes that Envoy publishes.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install xds-protos==1.85.0
    /tmp/golden/bin/python control-plane/tests/upstream/golden/make.py

With --read it goes the other way, to begin a new message: review what it writes.
"""

import pathlib
import sys
import textwrap

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from envoy.config.route.v3 import route_pb2

# What a configuration can hold inside.
from envoy.extensions.filters.http.cors.v3 import cors_pb2  # noqa: F401
from envoy.extensions.filters.http.fault.v3 import fault_pb2  # noqa: F401
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2  # noqa: F401
from envoy.extensions.retry.priority.previous_priorities.v3 import previous_priorities_config_pb2  # noqa: F401


def fallback():
    """The one message that is not Envoy's."""
    text, one, many = (
        descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
        descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
    )
    file = descriptor_pb2.FileDescriptorProto(
        name="router/v1/route_fallback.proto", package="io.opensergo.proto.router.v1", syntax="proto3"
    )
    message = file.message_type.add(name="ClusterFallbackConfig_ClusterConfig")
    for number, (name, label) in enumerate((("RoutingCluster", one), ("FallbackCluster", one), ("FurtherClusters", many)), 1):
        message.field.add(name=name, json_name=name, number=number, label=label, type=text)
    pool = descriptor_pool.Default()
    pool.Add(file)
    message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{message.name}"))


def main():
    fallback()
    folder = pathlib.Path(__file__).parent
    if sys.argv[1:] == ["--read"]:
        for path in sorted(folder.glob("*.hex")):
            message = route_pb2.RouteConfiguration.FromString(bytes.fromhex(path.read_text()))
            path.with_suffix(".message.json").write_text(json_format.MessageToJson(message) + "\n")
        return
    for path in sorted(folder.glob("*.message.json")):
        message = json_format.Parse(path.read_text(), route_pb2.RouteConfiguration())
        digits = message.SerializeToString(deterministic=True).hex()
        path.with_name(path.name.replace(".message.json", ".hex")).write_text("\n".join(textwrap.wrap(digits, 120)) + "\n")


main()

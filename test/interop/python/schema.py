"""Prints the messages of the official opentelemetry-proto package that the export requests are made of, as JSON:
{"roots": {signal: message}, "messages": {message: [[json name, number, type, repeated, presence, message]]}}.
"""
import json

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

types = {getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower() for name in dir(FieldDescriptor) if name.startswith("TYPE_")}
messages = {}


def add(message):
    if message.full_name in messages:
        return
    fields = messages[message.full_name] = []
    for f in message.fields:
        inner = f.message_type
        fields.append([f.json_name, f.number, types[f.type], f.is_repeated, f.has_presence, inner and inner.full_name])
        if inner:
            add(inner)


roots = {"traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest, "logs": ExportLogsServiceRequest, "profiles": ExportProfilesServiceRequest}
for request in roots.values():
    add(request.DESCRIPTOR)
print(json.dumps({"roots": {signal: r.DESCRIPTOR.full_name for signal, r in roots.items()}, "messages": messages}))

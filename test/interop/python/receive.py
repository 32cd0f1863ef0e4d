"""A Python OTLP backend: decodes with the official opentelemetry-proto package and prints what it understood, one line a
request: signal and the message encoded anew, as base64. Ends when its standard input does.
"""
import base64
import gzip
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

requests = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
lock = threading.Lock()


def say(*words):
    with lock:
        print(*words, flush=True)


def keep(signal, message):
    say(signal, base64.b64encode(message.SerializeToString(deterministic=True)).decode())


def from_otlp_json(value):
    """OTLP/JSON writes ids as hex, where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [from_otlp_json(v) for v in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ids else from_otlp_json(v) for k, v in value.items()}


class Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        signal = self.path.removeprefix("/v1/")
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        message = requests[signal]()
        if self.headers["content-type"] == "application/json":
            json_format.ParseDict(from_otlp_json(json.loads(body)), message)
        else:
            message.ParseFromString(body)
        keep(signal, message)
        self.send_response(200)
        self.send_header("content-type", self.headers["content-type"])
        answer = b"{}" if self.headers["content-type"] == "application/json" else b""
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


class Trace(trace_service_pb2_grpc.TraceServiceServicer):
    def Export(self, request, context):
        keep("traces", request)
        return trace_service_pb2.ExportTraceServiceResponse()


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def Export(self, request, context):
        keep("metrics", request)
        return metrics_service_pb2.ExportMetricsServiceResponse()


class Logs(logs_service_pb2_grpc.LogsServiceServicer):
    def Export(self, request, context):
        keep("logs", request)
        return logs_service_pb2.ExportLogsServiceResponse()


server = grpc.server(ThreadPoolExecutor(4))
trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Trace(), server)
metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
logs_service_pb2_grpc.add_LogsServiceServicer_to_server(Logs(), server)
grpc_port = server.add_insecure_port("127.0.0.1:0")
server.start()
http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
http.daemon_threads = True
threading.Thread(target=http.serve_forever, daemon=True).start()
say("ports", grpc_port, http.server_port)
sys.stdin.read()
server.stop(0)

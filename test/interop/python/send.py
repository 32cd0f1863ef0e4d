"""The Python SDK as a client: makes spans, metrics and logs once and exports the same ones to several places.

send.py WIRE COMPRESSION ENDPOINT...    WIRE: grpc | http; an endpoint is host:port
"""
import sys
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

resource = Resource.create({"service.name": "python", "service.version": "1.2.3", "k8s.pod.name": "py-0"})


def make_spans(count):
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("interop", "1.2.3", "https://example.test/schema", {"scope": True})
    for i in range(count):
        attributes = {"n": i, "ratio": 0.5, "ok": True, "list": ["a", "b"], "big": 2**62, "text": "naïve 日本語"}
        with tracer.start_as_current_span(f"parent {i}", kind=trace.SpanKind.SERVER, attributes=attributes) as parent:
            link = trace.Link(parent.get_span_context(), {"why": "link"})
            with tracer.start_as_current_span(f"child {i}", links=[link]) as child:
                child.add_event("retry", {"attempt": 2})
                child.set_status(trace.StatusCode.ERROR, "boom ✗")
    return memory.get_finished_spans()


def make_metrics():
    reader = InMemoryMetricReader()
    view = View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], resource=resource, views=[view])
    meter = provider.get_meter("interop", "1.2.3")
    meter.create_counter("requests", "{request}", "Requests.").add(5, {"route": "/a"})
    meter.create_up_down_counter("queue").add(-3)
    meter.create_gauge("temperature").set(21.5, {"room": 1})
    for value in (0.1, 12.5, 9000):
        meter.create_histogram("latency", "ms").record(value, {"route": "/a"})
        meter.create_histogram("exponential", "s").record(value)
    return reader.get_metrics_data()


def make_logs(count):
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    logger = provider.get_logger("interop", "1.2.3")
    for i in range(count):
        body = f"message {i}" if i % 2 == 0 else {"structured": [i, "x", {"deep": True}]}
        logger.emit(LogRecord(
            timestamp=1_767_225_600_000_000_000 + i, observed_timestamp=1_767_225_600_000_000_001, severity_text="WARN",
            severity_number=SeverityNumber.WARN, body=body, attributes={"i": i, "text": "naïve"}, event_name=f"event {i}"))
    return memory.get_finished_logs()


def exporters(wire, compression, endpoint):
    if wire == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        options = {"endpoint": endpoint, "insecure": True, "compression": grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression}
        return [OTLPSpanExporter(**options), OTLPMetricExporter(**options), OTLPLogExporter(**options)]
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    options = {"compression": Compression.Gzip if compression == "gzip" else Compression.NoCompression}
    url = f"http://{endpoint}/v1/"
    return [OTLPSpanExporter(url + "traces", **options), OTLPMetricExporter(url + "metrics", **options), OTLPLogExporter(url + "logs", **options)]


def main():
    wire, compression, *endpoints = sys.argv[1:]
    made = [make_spans(50), make_metrics(), make_logs(50)]
    for endpoint in endpoints:
        for exporter, data in zip(exporters(wire, compression, endpoint), made):
            result = exporter.export(data)
            if result.name != "SUCCESS":
                sys.exit(f"{type(exporter).__name__} to {endpoint}: {result}")
            exporter.shutdown()


main()

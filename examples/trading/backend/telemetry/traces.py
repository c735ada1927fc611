"""Spans of what a service does; sent to OTLP_ENDPOINT if there is one."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def tracer(name: str) -> trace.Tracer:
    provider = TracerProvider()
    if endpoint := os.environ.get("OTLP_ENDPOINT"):
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    trace.set_tracer_provider(provider)
    return trace.get_tracer(name)

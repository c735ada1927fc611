"""Traces, and a page that says how a service is."""

USES = "opentelemetry-api opentelemetry-sdk opentelemetry-exporter-otlp-proto-http jinja2"

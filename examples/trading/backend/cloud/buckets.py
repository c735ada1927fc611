"""Files in buckets."""

import os

import boto3

USES = "boto3"
BUCKET = os.environ.get("BUCKET", "trading-reports")


def client():
    return boto3.client("s3", region_name=os.environ.get("AWS_REGION", "eu-central-1"))

#!/usr/bin/env python3
"""Stands in for `aws`: keeps what is sent below $STATE, and answers with it as `--output text` does."""
import json, os, sys

STATE = os.environ["STATE"]
words = sys.argv[1:]
os.makedirs(STATE, exist_ok=True)
FILE = os.path.join(STATE, "aws.json")
state = json.load(open(FILE)) if os.path.exists(FILE) else {}
service, operation = words[:2]
kept = state.setdefault(service, {})


def option(name):
    return words[words.index(name) + 1] if name in words else None


def answer(text):
    json.dump(state, open(FILE, "w"))
    print(text)
    sys.exit(0)


def missing(text):
    print(f"An error occurred ({text}) when calling {operation}", file=sys.stderr)
    sys.exit(254)


body = json.load(sys.stdin) if option("--cli-input-json") else {}
if "--query" in words:
    assert option("--output") == "text", words
call = f"{service} {operation}"
arn = f"arn:aws:{service}:eu-west-1:123456789012"

if call == "codeconnections list-connections":
    answer("\n".join(kept) or "None")
if call == "codeconnections create-connection":
    assert option("--provider-type") == "GitHub" and not kept
    kept[f"{arn}:connection/{option('--connection-name')}"] = True
    answer(next(iter(kept)))
if call == "codeconnections get-connection":
    answer("AVAILABLE" if os.path.exists(os.path.join(STATE, "completed")) else "PENDING")
if call == "codebuild list-source-credentials":
    answer("\t".join(kept))
if call == "codebuild import-source-credentials":
    kept[body["serverType"]] = body["token"]
    answer("")
if call == "ssm get-parameter":
    answer(kept[option("--name")]) if option("--name") in kept else missing("ParameterNotFound")
if call == "ssm put-parameter":
    kept[option("--name")] = option("--value")
    answer("")
if call == "secretsmanager create-secret":
    assert body["Name"] not in kept
    kept[body["Name"]] = body["SecretString"]
    answer("")
if call == "secretsmanager put-secret-value":
    assert body["SecretId"] in kept
    kept[body["SecretId"]] = body["SecretString"]
    answer("")
if service == "secretsmanager":
    name = option("--secret-id")
    answer(name if operation == "describe-secret" else kept[name]) if name in kept else missing("ResourceNotFoundException")
if call == "sns create-topic":
    topic = f"{arn}:{option('--name')}"
    kept.setdefault(topic, json.dumps({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish"]}]}))
    answer(topic)
if call == "sns get-topic-attributes":
    answer(kept[option("--topic-arn")]) if option("--topic-arn") in kept else missing("NotFoundException")
if call == "sns set-topic-attributes":
    json.loads(option("--attribute-value"))
    kept[option("--topic-arn")] = option("--attribute-value")
    answer("")
if call == "cloudformation deploy":
    kept[option("--stack-name")] = open(option("--template-file")).read()
    answer("Successfully created")
if service == "cloudformation":
    name, resource = option("--stack-name"), option("--logical-resource-id")
    if name not in kept:
        missing("ValidationError): Stack with id does not exist (")
    if resource:
        assert f"\n  {resource}:\n    Type: AWS::IAM::ManagedPolicy" in kept[name]
        answer(f"arn:aws:iam::123456789012:policy/{name}-{resource}")
    answer(kept[name])
if call == "iam attach-group-policy":
    kept[option("--policy-arn")] = option("--group-name")
    answer("")
if call == "iam list-entities-for-policy":
    answer(1 if option("--policy-arn") in kept else 0)
sys.exit(f"unknown: {call}")

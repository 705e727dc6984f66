"""Holds one face of a running host against the published OKE document, with schemathesis; or messages that the host
sends against the bodies that the document asks for.

    conformance.py FACE URL FOLDER WORK --seconds 20
    conformance.py FACE URL FOLDER WORK --cases 20000
    conformance.py --messages FILE FOLDER

The token is in OKE_TOKENS, one a line: each takes its turn in one run. Exit code 0: nothing was found.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs

import published

# First what the document allows, then what it does not. What is not interpreted is kept and passed on as it came (R13),
# so that after a message that breaks the document only refusals are held against it.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance"]
ROUNDS = {
    "positive": [*CHECKS, "response_schema_conformance", "consumer_blocks"],
    "negative": [*CHECKS, "refusals"],
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--cases", type=int)
    parser.add_argument("rest", nargs="+")
    chosen = parser.parse_args()
    if chosen.messages:
        sys.exit(hold_messages(chosen.messages, Path(chosen.rest[0])))
    face, url, folder, work = chosen.rest
    sys.exit(try_face(face, url, Path(folder), Path(work), chosen))


def try_face(face, url, folder, work, chosen):
    document, overlay, _ = published.load(folder)
    schema = work / f"{face}.json"
    schema.write_text(json.dumps(published.face(document, overlay, face)))
    tokens = os.environ["OKE_TOKENS"].split()
    worst = 0
    turns = [(mode, number, token) for mode in ROUNDS for number, token in enumerate(tokens)]
    for mode, number, token in turns:
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(schema), "--url", url, "--no-color"]
        command += ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(ROUNDS[mode])]
        command += ["--mode", mode]
        command += ["--suppress-health-check", "all", "--warnings", "off", "--generation-database", "none"]
        # NUL is refused at the door, whatever holds it; the host's own tests have it.
        command += ["--generation-allow-x00", "false"]
        command += ["--seed", str(7 + number), "--request-timeout", "20", "--continue-on-failure"]
        # What was answered is told whole: a random case hardly comes back.
        command += ["--output-truncate", "false"]
        if chosen.seconds:
            command += ["--phases", "examples,fuzzing,stateful", "--no-shrink"]
            command += ["--max-time", str(max(1, chosen.seconds // len(turns)))]
        else:
            # Of each operation as many cases as there are scenarios, which hold five cases, give or take.
            command += ["--phases", "fuzzing,stateful", "--max-examples", str(max(1, chosen.cases // len(turns) // 5))]
        here = Path(__file__).parent
        environment = {**os.environ, "OKE_PUBLISHED": str(folder), "PYTHONPATH": str(here)}
        environment.update(SCHEMATHESIS_HOOKS="hooks", PYTHONDONTWRITEBYTECODE="1", OKE_FACE=face)
        del environment["OKE_TOKENS"]
        ended = subprocess.run(command, cwd=work, env=environment)
        worst = max(worst, ended.returncode)
    return worst


def hold_messages(file, folder):
    """Each line: {"method", "path", "body"}, the path as the document writes it."""
    document, _, blocks = published.load(folder)
    problems = 0
    lines = file.read_text().splitlines()
    for line in lines:
        message = json.loads(line)
        what = f"{message['method']} {message['path']}"
        dissolved = published.Dissolved()
        content = published.operation(document, message["method"], message["path"])["requestBody"]["content"]
        schema = dissolved.schema(next(iter(content.values()))["schema"])
        schema = {**schema, "components": {"schemas": dissolved.components}}
        validator = jsonschema_rs.Draft4Validator(nullable(schema))
        for error in validator.iter_errors(message["body"]):
            problems += 1
            print(f"{what}: {error.message} at {list(error.instance_path)}")
    print(f"{len(lines)} messages held against the published document, {problems} problems")
    return 1 if problems or not lines else 0


def nullable(schema):
    """OpenAPI 3.0's `nullable` as JSON Schema has it."""
    if isinstance(schema, list):
        return [nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    written = {key: nullable(value) for key, value in schema.items()}
    if written.pop("nullable", False) is True and isinstance(written.get("type"), str):
        written["type"] = [written["type"], "null"]
    return written


if __name__ == "__main__":
    main()

"""Hooks of schemathesis: messages that a system would send rather than any that the schema allows, and the consumer
blocks of answers held against their own schemas.

The schemas of OOAPI leave open what the agreement closes (names in nl-NL, an end after its start, ids that occur
again), so that random messages nearly all end at the door. Of every three, two are mended here; one goes as it came.
"""

import os
import random
from pathlib import Path

import jsonschema_rs
import schemathesis
from schemathesis.specs.openapi.checks import response_schema_conformance

import published

_, _, BLOCKS = published.load(Path(os.environ["OKE_PUBLISHED"]))
VALIDATORS = {name: jsonschema_rs.validator_for(block) for name, block in BLOCKS.items()}
# Of each face its own: what one system made is not there for another.
FACE = os.environ["OKE_FACE"]
IDS = [f"00000000-0000-4000-8000-{FACE.encode().hex():0>8}000{digit}" for digit in range(4)]
ASSOCIATIONS = ["componentOfferingAssociation"] * 3 + ["courseOfferingAssociation", "programOfferingAssociation"]
MOMENTS = {"startDateTime": "2026-09-02T09:00:00+02:00", "endDateTime": "2026-09-02T11:00:00+02:00"}
PERSON = {
    "primaryCode": {"codeType": "studentNumber", "code": "17"},
    "displayName": "Jip Jansen",
    "affiliations": ["student"],
}
OFFERING = {
    "offeringType": "component",
    "primaryCode": {},
    "name": [],
    "description": [],
    "teachingLanguage": "nld",
    "resultExpected": True,
    "startDateTime": "",
    "endDateTime": "",
}
RESULT = {
    "state": "completed",
    "resultDate": "2026-09-03",
    "weight": 100,
    "consumers": [{"consumerKey": "nl-test-admin", "attendance": "present", "executedOfferingName": "Rekenen"}],
}
DICE = random.Random(7)
DUTCH = ("name", "description", "shortName")


def mended(value, name=None):
    """The message as a system would send it."""
    if name in DUTCH and isinstance(value, (list, str, type(None))):
        return [{"language": "nl-NL", "value": "Rekenen"}]
    if name in MOMENTS:
        return MOMENTS[name]
    if name == "primaryCode":
        return {"codeType": "identifier", "code": "REK-1"}
    if name == "otherCodes":
        return [{"codeType": "systemId", "code": "fao-1"}]
    if name == "displayName":
        return "Jip Jansen"
    if name in ("person", "offering", "component", "course", "program", "organization"):
        return DICE.choice(IDS)
    if isinstance(value, dict):
        return {key: mended(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [mended(one) for one in value]
    return value


def completed(body, operation):
    """What the agreement requires beside the schema (R12, R13, R14)."""
    whole = operation.startswith("PUT")
    if "/members/" in operation:
        return
    if "/associations/" in operation:
        block = {"attempt": 1, "orgAssociationId": DICE.choice(IDS)}
        if whole:
            body.update(associationType=DICE.choice(ASSOCIATIONS), state=DICE.choice(["associated", "canceled"]))
            body.update(role="student", person=dict(PERSON, personId=DICE.choice(IDS)), offering=DICE.choice(IDS))
            # At the TPL face a student system names persons by id as well.
            if DICE.random() < 0.3:
                body["person"] = DICE.choice(IDS)
        if DICE.random() < 0.7:
            body["result"] = dict(RESULT, score=DICE.choice(["5.4", "7,5", "80%", "onbekend"]))
    elif "/offerings/" in operation:
        block = {"offeringState": DICE.choice(["active", "active", "canceled"]), "irregularities": "Brandalarm."}
        if whole:
            body.update(primaryCode={"codeType": "identifier", "code": "REK-1"}, component=DICE.choice(IDS))
            if FACE == "ta":
                body["offeringType"] = "component"
    else:
        block = {}
        if whole:
            body.setdefault("primaryCode", {"codeType": "identifier", "code": "REK-1"})
            body.setdefault("displayName", "Jip Jansen")
    body["consumers"] = [{"consumerKey": published.CONSUMER, **block}]


@schemathesis.hook
def before_call(context, case, kwargs):
    if DICE.random() < 0.34:
        return
    for name in list(case.path_parameters or {}):
        if name != "documentId" and DICE.random() < 0.9:
            case.path_parameters[name] = DICE.choice(IDS)
    if case.method not in ("PUT", "PATCH"):
        return
    drawn = case.body if isinstance(case.body, dict) else {}
    # The schemas of offerings exclude each other so much that hardly any object is drawn.
    if "/offerings/" in case.path and len(drawn) < 3:
        drawn = dict(drawn, **OFFERING) if case.method == "PUT" else dict(drawn, offeringType="component")
    body = mended(drawn)
    completed(body, f"{case.method} {case.path}")
    own = {"groups": "groupId", "persons": "personId", "offerings": "offeringId", "associations": "associationId"}
    noun = "personId" if "/members/" in case.path else own.get(case.path.split("/")[1])
    if noun in (case.path_parameters or {}):
        body[noun] = case.path_parameters[noun]
    case.body = body


def blocks_of(value, found):
    """All objects in an answer with the consumer block of this profile, and what they are."""
    if isinstance(value, list):
        for one in value:
            blocks_of(one, found)
    if isinstance(value, dict):
        for kind, field in published.BLOCKS.items():
            if field in value:
                for block in value.get("consumers") or []:
                    if isinstance(block, dict) and block.get("consumerKey") == published.CONSUMER:
                        found.append((kind, block))
                break
        if "attendance" not in value and "resultDate" in value:
            found.extend(
                ("Result", block)
                for block in value.get("consumers") or []
                if isinstance(block, dict) and block.get("consumerKey") == published.CONSUMER
            )
        for one in value.values():
            blocks_of(one, found)


@schemathesis.check
def consumer_blocks(ctx, response, case):
    """Every nl-test-admin block of an answer to GET fits its published schema."""
    if case.method != "GET" or "json" not in response.headers.get("content-type", [""])[0]:
        return
    found = []
    blocks_of(response.json(), found)
    for kind, block in found:
        errors = [error.message for error in VALIDATORS[kind].iter_errors(block)]
        assert not errors, f"the {kind} block {block} breaks its schema: {errors}"


@schemathesis.check
def refusals(ctx, response, case):
    """Every refusal fits its published schema."""
    return response_schema_conformance(ctx, response, case) if response.status_code >= 400 else None

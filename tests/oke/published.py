"""The published OKE document, one face of it, with our overlay: an OpenAPI document that a tester can read.

The document was published with its references dissolved into YAML anchors, some of which hold themselves; here each
object schema that is used becomes a component again.
"""

import copy
from pathlib import Path

import yaml

CONSUMER = "nl-test-admin"
# Which consumer schema belongs to which kind of object, by a field that only this kind requires.
BLOCKS = {"Association": "associationId", "Offering": "offeringId", "Person": "personId", "Component": "componentId"}


class Loader(yaml.SafeLoader):
    """YAML as JSON has it: what looks like a date stays a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(folder):
    """The document, the overlay, and the consumer schemas by object."""
    with open(folder / "ooapiv5_MBO.yaml") as file:
        document = yaml.load(file, Loader)
    with open(Path(__file__).with_name("overlay.yaml")) as file:
        overlay = yaml.load(file, Loader)
    blocks = {}
    for path in sorted((folder / "consumers").glob("nl-test-admin-*.yaml")):
        with open(path) as file:
            block = yaml.load(file, Loader)
        blocks[path.stem.rsplit("-", 1)[1]] = without_unpublished(block)
    return document, overlay, blocks


def without_unpublished(schema):
    """References to files that were not published (see `wrong` in the overlay) say nothing."""
    if isinstance(schema, list):
        return [without_unpublished(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: without_unpublished(value) for key, value in schema.items() if key != "$ref"}


class Dissolved:
    """Gives a schema back as a tree of references."""

    def __init__(self):
        self.names = {}
        self.components = {}

    def schema(self, node):
        if isinstance(node, list):
            return [self.schema(item) for item in node]
        if not isinstance(node, dict):
            return node
        if not any(key in node for key in ("properties", "allOf", "oneOf", "anyOf")):
            return {key: self.schema(value) for key, value in node.items() if key not in ("example", "examples")}
        return self.component(node)

    def component(self, node):
        if id(node) not in self.names:
            self.names[id(node)] = name = f"S{len(self.names) + 1}"
            self.components[name] = {}
            written = {}
            for key, value in node.items():
                if key == "properties":
                    written[key] = {field: self.schema(schema) for field, schema in value.items()}
                elif key not in ("example", "examples", "discriminator"):
                    # Its alternatives do not exclude each other (see `wrong` in the overlay).
                    written["anyOf" if key == "oneOf" else key] = self.schema(value)
            self.components[name].update(written)
        return {"$ref": f"#/components/schemas/{self.names[id(node)]}"}


def operation(document, method, path):
    """An operation by the path that the agreement gives it."""
    if path == "/groups/{groupId}/members/{personId}":
        return document["paths"]["/groups/{groupId}/members"][method.lower()]
    return document["paths"][path][method.lower()]


def drawable(schema):
    """A body from which objects can be drawn: the alternatives of the document exclude each other so much that hardly any
    object is. All their fields in one object, references by id; answers are held against the document as it is."""
    fields, required = {}, []

    def gather(node):
        for key, value in node.get("properties", {}).items():
            fields.setdefault(key, next(iter(value["oneOf"])) if "oneOf" in value else value)
        required.extend(node.get("required", []))
        for key in ("allOf", "oneOf", "anyOf"):
            for one in node.get(key, []):
                gather(one)

    gather(schema)
    return {"type": "object", "properties": fields, "required": sorted(set(required) & set(fields))}


def face(document, overlay, name):
    """The OpenAPI document of one face."""
    dissolved = Dissolved()
    paths = {}
    named = {}
    for line in overlay["faces"][name]:
        method, path = line.split()
        published = operation(document, method, path)
        written = {"operationId": f"{method} {path}", "responses": {}}
        parameters = copy.deepcopy(published.get("parameters", []))
        added = overlay["parameters"].get(line, [])
        parameters = [one for one in parameters if one["name"] not in {other["name"] for other in added}]
        parameters += copy.deepcopy(added)
        for parameter in parameters:
            parameter.pop("examples", None)
            parameter.pop("example", None)
            parameter["schema"].pop("example", None)
            if parameter["name"] == "documentId":
                parameter["schema"].pop("format", None)
        written["parameters"] = parameters
        if "requestBody" in published:
            content = published["requestBody"]["content"]
            written["requestBody"] = {
                "required": True,
                "content": {
                    kind: {"schema": dissolved.schema(drawable(one["schema"])), "examples": one.get("examples", {})}
                    for kind, one in content.items()
                },
            }
        for status, answer in published["responses"].items():
            content = {
                kind: {"schema": dissolved.schema(one["schema"])} for kind, one in answer.get("content", {}).items()
            }
            written["responses"][status] = {"description": answer.get("description", status), "content": content}
        if whole := overlay["listed_as"].get(line):
            of_list = operation(document, *whole.split())["responses"]["200"]["content"]["application/json"]["schema"]
            answer = {"schema": dissolved.schema(items(of_list))}
            written["responses"]["200"]["content"]["application/json"] = answer
        problem = document["paths"]["/"]["get"]["responses"]["400"]["content"]
        for status in overlay["problems"]:
            content = {kind: {"schema": dissolved.schema(one["schema"])} for kind, one in problem.items()}
            written["responses"].setdefault(status, {"description": status, "content": content})
        paths.setdefault(path, {})[method.lower()] = written
        named[line] = written
    for line, targets in overlay["links"].items():
        for target in targets:
            if line in named and target in named:
                link(named[line], named[target], line, target)
    return {
        "openapi": document["openapi"],
        "info": {"title": f"OKE {name}", "version": "1.0.1"},
        "paths": paths,
        "components": {"schemas": dissolved.components},
    }


def items(schema):
    """What a page of a list holds; the last part that says so counts."""
    found = schema.get("properties", {}).get("items", {}).get("items")
    for part in schema.get("allOf", []):
        found = items(part) or found
    return found


def link(source, target, line, to):
    """What was put under an id can be asked and changed under it."""
    shared = {one["name"] for one in source["parameters"] if one["in"] == "path"}
    taken = [one["name"] for one in target["parameters"] if one["in"] == "path" and one["name"] in shared]
    for status in ("200", "201"):
        if status in source["responses"]:
            links = source["responses"][status].setdefault("links", {})
            links[f"{to} after {line}"] = {
                "operationId": to,
                "parameters": {name: f"$request.path.{name}" for name in taken},
            }

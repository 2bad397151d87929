# SPDX-License-Identifier: Apache-2.0
"""Templates as data: YAML with CloudFormation's tags, and what its intrinsic functions come to.

    template = cloudformation.Template(text)
    template.value("Function", "Timeout")             # parameters have their defaults, !If is decided
    template.target({"Fn::GetAtt": ["Queue", "Arn"]})  # "Queue"
"""
import pathlib

import tap

try:
    import yaml
except ImportError:
    yaml = None

FOLDER = tap.ROOT / "deploy/lambda"
NAMES = ["api", "greet", "index", "orders", "project"]  # a SAM template and a serverless.yml each
NOTHING = object()  # what AWS::NoValue leaves


def need_yaml():
    if yaml is None:
        raise tap.Skip("service PyYAML: neither build-deploy nor Debian's python3-yaml is there")


def path_of(name, kind="yaml"):
    return FOLDER / f"{name}.{kind}"


def parse(text):
    """A tag is what its long form is: !Ref x -> {"Ref": "x"}, !GetAtt a.b -> {"Fn::GetAtt": ["a", "b"]}."""
    class Loader(yaml.SafeLoader):
        pass

    def tagged(loader, suffix, node):
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", tagged)
    return yaml.load(text, Loader)


def read(name, kind="yaml"):
    need_yaml()
    return parse(path_of(name, kind).read_text())


class Template:
    """A template (parsed, or its text) with the parameters' defaults, or others."""

    def __init__(self, document, **parameters):
        self.document = parse(document) if isinstance(document, str) else document
        self.parameters = {name: str(each.get("Default", ""))
                           for name, each in self.document.get("Parameters", {}).items()} | parameters
        self.conditions = self.document.get("Conditions", {})
        self.resources = self.document.get("Resources", {})

    def condition(self, expression):
        if isinstance(expression, str):
            return self.condition(self.conditions[expression])
        [(function, values)] = expression.items()
        if function == "Condition":
            return self.condition(values)
        if function == "Fn::Equals":
            left, right = (str(self.resolve(value)) for value in values)
            return left == right
        met = [self.condition(value) for value in values]
        return {"Fn::Not": not met[0], "Fn::And": all(met), "Fn::Or": any(met)}[function]

    def resolve(self, value):
        """Parameters replaced, !If decided, AWS::NoValue taken out; references to resources stay."""
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not NOTHING]
        if not isinstance(value, dict):
            return value
        if value == {"Ref": "AWS::NoValue"}:
            return NOTHING
        if set(value) == {"Ref"} and value["Ref"] in self.parameters:
            text = self.parameters[value["Ref"]]
            return int(text) if text.lstrip("-").isdigit() else text
        if set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return self.resolve(yes if self.condition(condition) else no)
        pairs = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in pairs.items() if each is not NOTHING}

    def of_type(self, *types):
        """(logical id, resolved properties) of the resources of these types that the conditions let be."""
        for name, resource in self.resources.items():
            if resource.get("Type") in types and self.exists(name):
                yield name, self.resolve(resource.get("Properties", {}))

    def exists(self, name):
        condition = self.resources[name].get("Condition")
        return condition is None or self.condition(condition)

    def value(self, name, *path, default=None):
        found = self.resolve(self.resources.get(name, {}).get("Properties", {}))
        for step in path:
            if not isinstance(found, dict) or step not in found:
                return default
            found = found[step]
        return found

    @staticmethod
    def target(reference):
        """The logical id that a !Ref or !GetAtt names; None for anything else."""
        if isinstance(reference, dict) and len(reference) == 1:
            if "Ref" in reference:
                return reference["Ref"]
            if "Fn::GetAtt" in reference:
                return reference["Fn::GetAtt"][0]
        return None


def serverless(name):
    """A serverless.yml: all of it, its one function, the events as (type, properties), and the resources."""
    return parts_of_serverless(read(name, "serverless.yml"))


def parts_of_serverless(document):
    [(_, function)] = document["functions"].items()
    events = [next(iter(event.items())) for event in function.get("events", [])]
    return document, function, events, Template(document.get("resources", {}))


def handler_source(name):
    return pathlib.Path(tap.ROOT / "handlers" / name / f"{name}.c").read_text()

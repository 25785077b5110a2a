"""Reads YAML files and prints their documents as JSON, by file. Documents of Kubernetes are first
compared with the schema of their kind, which allows no unknown member."""

import json
import sys

import kubernetes_validate
import yaml

read = {}
for path in json.load(sys.stdin):
    with open(path, encoding="utf-8") as file:
        read[path] = [document for document in yaml.safe_load_all(file) if document]
    for document in read[path]:
        # A patch is no whole document, and the schemas do not have the kinds of kustomize.
        if "kustomize.config.k8s.io" in document["apiVersion"] or "/postgres/" in path:
            continue
        try:
            version = kubernetes_validate.latest_version()
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            sys.exit(f"{path}: {document['kind']}: {error.message} at {list(error.path)}")
print(json.dumps(read))

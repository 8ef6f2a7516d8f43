"""Checks Grafana dashboards: scripts/dashboards.py FILE.json ... (needs promql-parser)

Every PromQL expression parses once Grafana's variables stand for something; the dashboard has a fixed uid, takes its
data source from a variable, and gives each panel an id of its own.
"""
import json
import sys

import promql_parser

VARIABLES = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h", "$instance": "a"}


def panels(nodes):
    for node in nodes:
        yield node
        yield from panels(node.get("panels", []))


def faults(dashboard):
    if not dashboard.get("uid"):
        yield "no fixed uid"
    if "id" in dashboard:
        yield "an id of one installation"
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    if variables.get("datasource", {}).get("type") != "datasource":
        yield "no variable for the data source"
    ids = [p["id"] for p in panels(dashboard["panels"])]
    if len(ids) != len(set(ids)):
        yield "panel ids occur twice"
    titles = [p["title"] for p in dashboard["panels"] if p["type"] == "row"]
    yield from (f"row `{t}` is no question" for t in titles if not t.endswith("?"))
    for panel in panels(dashboard["panels"]):
        if panel["type"] == "row":
            continue
        if not panel.get("targets"):
            yield f"panel `{panel['title']}` shows nothing"
        for target in panel.get("targets", []):
            if target["datasource"]["uid"] != "${datasource}":
                yield f"panel `{panel['title']}` names a data source of one installation"
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            try:
                promql_parser.parse(expression)
            except ValueError as error:
                yield f"panel `{panel['title']}`: {error}: {target['expr']}"


def main():
    bad = 0
    for path in sys.argv[1:]:
        with open(path) as f:
            dashboard = json.load(f)
        found = list(faults(dashboard))
        count = sum(len(p.get("targets", [])) for p in panels(dashboard["panels"]))
        print(f"{path}: {count} expressions, {len(found)} faults")
        for fault in found:
            print(f"  {fault}")
        bad += len(found)
    sys.exit(1 if bad or not sys.argv[1:] else 0)


if __name__ == "__main__":
    main()

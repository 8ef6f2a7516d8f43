"""Checks deploy/kubernetes without a cluster: scripts/python.sh kubernetes-validate==1.37.0 -- scripts/kubernetes.py

Every object fits the schema of its kind; kustomization.yaml lists the files that are there and no others; selectors,
ports, volumes and probes meet; the pod may do nothing that it needs not; and `holdfast check` takes the configuration
with the container's own environment. HOLDFAST names the program (default: target/debug/holdfast).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parent.parent
BASE = ROOT / "deploy/kubernetes"
VERSION = "1.34"
FAULTS = []


def must(holds, text):
    if not holds:
        FAULTS.append(text)


def load(resources):
    objects = {}
    for name in resources:
        for data in yaml.safe_load_all((BASE / name).read_text()):
            where = f"{name}: {data.get('kind')}"
            try:
                kubernetes_validate.validate(data, VERSION, strict=True)
            except Exception as error:  # its kinds of error share no base
                FAULTS.append(f"{where}: {getattr(error, 'message', error)}")
            must(data["kind"] not in objects, f"{where} is there twice")
            objects[data["kind"]] = data
    return objects


def lists(kustomization):
    files = {p.name for p in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    listed = set(kustomization["resources"])
    must(files == listed, f"kustomization.yaml: lists {sorted(listed)}, there are {sorted(files)}")
    for generator in kustomization["configMapGenerator"]:
        for file in generator["files"]:
            must((BASE / file).is_file(), f"kustomization.yaml: no {file}")


def meets(objects, kustomization):
    """What one object says of another."""
    spec = objects["StatefulSet"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    container = pod["containers"][0]
    selectors = {
        "StatefulSet": spec["selector"]["matchLabels"],
        "Service": objects["Service"]["spec"]["selector"],
        "PodDisruptionBudget": objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        must(selector.items() <= labels.items(), f"{kind} selects {selector}, the pods have {labels}")
    service = objects["Service"]
    must(service["spec"]["clusterIP"] == "None", "the Service is not headless")
    must(spec["serviceName"] == service["metadata"]["name"], "the StatefulSet names another Service")
    must(pod["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"], "another ServiceAccount")
    must(container["image"] == kustomization["images"][0]["name"], "kustomization.yaml sets another image")

    port = container["ports"][0]["containerPort"]
    config = tomllib.loads((BASE / "holdfast.toml").read_text())
    must(config["http"]["listen"] == f"0.0.0.0:{port}", f"holdfast.toml does not listen on {port}")
    must(service["spec"]["ports"][0]["port"] == port, "the Service has another port")
    ingress = objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    must([p["port"] for p in ingress] == [port], "the NetworkPolicy lets another port in")
    kafka = int(config["kafka"]["bootstrap_servers"].rsplit(":", 1)[1])
    egress = [p["port"] for rule in objects["NetworkPolicy"]["spec"]["egress"] for p in rule["ports"]]
    must({53, 443, kafka} == set(egress), f"the NetworkPolicy lets out {egress}, the brokers are at {kafka}")
    for name, path in {"startupProbe": "/readyz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}.items():
        probe = container[name]["httpGet"]
        must(probe == {"path": path, "port": container["ports"][0]["name"]}, f"{name}: {probe}")

    made = {g["name"] for g in kustomization["configMapGenerator"]} | {"holdfast-model"}
    used = {v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v}
    must(made == used, f"ConfigMaps {sorted(used)} are mounted, {sorted(made)} are made")
    volumes = {v["name"] for v in pod["volumes"]} | {c["metadata"]["name"] for c in spec["volumeClaimTemplates"]}
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    must(volumes == set(mounts), f"volumes {sorted(volumes)}, mounts {sorted(mounts)}")
    must(config["model"]["path"] == f"{mounts['model']}/model.json", "the model is mounted elsewhere")
    must(container["args"] == ["run", "--config", f"{mounts['config']}/holdfast.toml"], f"args {container['args']}")
    # systemd's unit and the pod give the same program the same time.
    unit = (ROOT / "deploy/holdfast.service").read_text()
    stop = int(unit.split("TimeoutStopSec=")[1].split()[0])
    must(pod["terminationGracePeriodSeconds"] >= stop, "the pod gets less time to end than the systemd unit")


def restricted(objects):
    """The pod security standard `restricted`, and a read-only root file system beyond it."""
    pod = objects["StatefulSet"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    own = container["securityContext"]
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    must(f"USER {pod['securityContext']['runAsUser']}" in dockerfile, "the image has another user")
    must(pod["securityContext"]["runAsNonRoot"] is True, "the pod may run as root")
    must(pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, "no seccomp profile")
    must(own["capabilities"] == {"drop": ["ALL"]}, "the container keeps capabilities")
    must(own["allowPrivilegeEscalation"] is False, "the container may gain privileges")
    must(own["readOnlyRootFilesystem"] is True, "the container may write to its image")
    must(pod["automountServiceAccountToken"] is False, "the pod holds a token of the cluster")
    must("memory" in container["resources"]["limits"], "no limit on memory")


def accepted(objects):
    """`holdfast check` with the container's own environment, the model aside."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST")}
    for variable in objects["StatefulSet"]["spec"]["template"]["spec"]["containers"][0]["env"]:
        source = variable.get("valueFrom", {})
        must("value" in variable or source, f"{variable['name']} has no value")
        pod_name = source.get("fieldRef", {}).get("fieldPath") == "metadata.name"
        env[variable["name"]] = variable.get("value") or ("holdfast-0" if pod_name else "a secret")
    env["HOLDFAST__MODEL__PATH"] = str(ROOT / "models/shop/model.json")
    program = os.environ.get("HOLDFAST", ROOT / "target/debug/holdfast")
    with tempfile.TemporaryDirectory() as directory:
        config = shutil.copy(BASE / "holdfast.toml", directory)
        ran = subprocess.run([program, "check", "--config", config, "--show"], env=env, capture_output=True, text=True)
    must(ran.returncode == 0, f"holdfast check: exit code {ran.returncode}\n{ran.stderr}")
    must("a secret" not in ran.stdout + ran.stderr, "holdfast check --show tells the password")
    for name in [n for n in env if n.startswith("HOLDFAST__")]:
        must(ran.returncode != 0 or name in ran.stdout, f"holdfast check --show does not know {name}")


def main():
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    lists(kustomization)
    objects = {} if FAULTS else load(kustomization["resources"])
    if objects:
        meets(objects, kustomization)
        restricted(objects)
        accepted(objects)
    for fault in FAULTS:
        print(fault, file=sys.stderr)
    print(f"deploy/kubernetes: {len(objects)} objects, {len(FAULTS)} faults")
    sys.exit(1 if FAULTS else 0)


if __name__ == "__main__":
    main()

"""What operators install: units, container, Compose and chart are what their own tools take, and fit this program."""

import functools
import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from transload.runner.cli.app import application
from transload.runner.workspace import load_store

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "operations"
CHART = OPERATIONS / "kubernetes" / "transload"
TOOLS = Path(os.environ.get("TRANSLOAD_OPERATIONS_TOOLS", ROOT / ".cache" / "operations")) / "bin"
"""Where `.ci/run` puts hadolint, helm, kubernetes-validate and a Python with compose-spec."""
UNITS = ("transload.service", "transload@.service")


def tool(name: str) -> str:
    found = TOOLS / name
    if not found.exists():
        pytest.skip(f"no {name} in {TOOLS}: .ci/run puts it there")
    return str(found)


def done(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60, **more)  # type: ignore[call-overload,no-any-return]


def ours(words: list[str]) -> bool:
    """Whether this program has the command with these options."""
    return CliRunner().invoke(application([words[0]]), [*words, "--help"]).exit_code == 0


# systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_unit_and_finds_it_well_confined(name: str, tmp_path: Path) -> None:
    text = (OPERATIONS / "systemd" / name).read_text()
    copy = tmp_path / name
    copy.write_text(text.replace("/opt/transload/bin/transload", "/bin/true"))
    verified = done("systemd-analyze", "verify", copy)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = done("systemd-analyze", "security", "--offline=true", "--threshold=20", copy)
    assert judged.returncode == 0, judged.stdout
    copy.write_text(text.replace("Type=notify", "Type=notify\nNoSuchKey=1"))
    assert "NoSuchKey" in done("systemd-analyze", "verify", copy).stderr


def test_the_units_run_a_command_of_ours_and_tell_systemd_how_it_does() -> None:
    whole, template = ((OPERATIONS / "systemd" / name).read_text() for name in UNITS)
    settings = re.findall(r"^(?!#)(\w+)=(.*)$", whole, re.MULTILINE)
    known = dict(settings)
    assert known["Type"] == "notify"
    assert known["ExecReload"] == "/bin/kill -HUP $MAINPID"
    program, *words = shlex.split(known["ExecStart"])
    assert program.endswith("/bin/transload")
    assert ours(words)
    assert not [name for name, _ in settings if name == "Environment"]  # a secret in a unit is seen by everybody
    differ = {pair[0] for pair in set(settings) ^ set(re.findall(r"^(?!#)(\w+)=(.*)$", template, re.MULTILINE))}
    assert differ == {"Description"}


# The container


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """The instructions of the Containerfile, lines that go on put together."""
    text = (OPERATIONS / "container" / "Containerfile").read_text()
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line.strip())]


def test_hadolint_finds_nothing() -> None:
    checked = done(tool("hadolint"), OPERATIONS / "container" / "Containerfile")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_holds_all_that_a_wheel_is_made_of_and_nothing_else(instructions: list[tuple[str, str]]) -> None:
    copies = [rest.split() for name, rest in instructions if name == "COPY" and "--from" not in rest]
    copied = [word for words in copies for word in words[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    roots = re.search(r"ROOTS = (\(.*?\))", (ROOT / "setup.py").read_text())
    assert roots is not None
    assert {*re.findall(r'"(\w+)"', roots[1]), "src", "pyproject.toml", "setup.py"} <= set(copied)
    allowed = (OPERATIONS / "container" / "Containerfile.dockerignore").read_text()
    assert sorted(re.findall(r"^!(.*)$", allowed, re.MULTILINE)) == sorted(copied)
    assert re.search(r"^\*$", allowed, re.MULTILINE)  # all else stays outside
    (extras,) = [rest.removeprefix("EXTRAS=") for name, rest in instructions if rest.startswith("EXTRAS=")]
    declared = re.findall(r"^([a-z0-9-]+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(extras.split(",")) <= set(declared)


def test_the_image_runs_as_nobody_special_and_keeps_no_secret(instructions: list[tuple[str, str]]) -> None:
    last = dict(instructions)
    assert last["USER"] == "10001:10001"
    assert json.loads(last["ENTRYPOINT"]) == ["/usr/bin/tini", "--", "transload"]  # signals reach the process
    assert ours(json.loads(last["CMD"]))
    assert last["STOPSIGNAL"] == "SIGTERM"
    texts = " ".join(rest for name, rest in instructions if name in ("ARG", "ENV")).lower()
    assert not re.search("password|secret|token|key=", texts)


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_tells_well_from_ill(
    instructions: list[tuple[str, str]], status: int | None, code: int
) -> None:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(status or 0) if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01), daemon=True).start()
        check = dict(instructions)["HEALTHCHECK"]
        command = json.loads(check[check.index("[") :])
        port = server.server_port if status else 1
        environment = {**os.environ, "TRANSLOAD_HEALTH": f"http://127.0.0.1:{port}/healthz"}
        assert done(sys.executable, *command[1:], env=environment).returncode == code
        server.shutdown()


# Compose


@pytest.fixture(scope="module")
def compose() -> dict[str, object]:
    """The file as it is where no variable is set."""
    text = (OPERATIONS / "compose" / "compose.yaml").read_text()
    plain = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    assert "${" not in plain
    read: dict[str, object] = yaml.safe_load(plain)
    return {name: value for name, value in read.items() if not name.startswith("x-")}


_COMPOSE = "import sys; from compose_spec import PyCompose; PyCompose.from_json(sys.stdin.read())"


def test_compose_takes_its_file(compose: dict[str, object]) -> None:
    good = json.dumps(compose)
    assert done(tool("python"), "-c", _COMPOSE, input=good).returncode == 0
    bad = good.replace('"service_healthy"', '"healthy"')
    assert "unknown variant" in done(tool("python"), "-c", _COMPOSE, input=bad).stderr


def test_two_workers_share_one_database(compose: dict[str, object]) -> None:
    services = compose["services"]
    assert isinstance(services, dict)
    workers = [service for name, service in services.items() if name.startswith("worker-")]
    assert len(workers) == 2
    published = [port.rpartition(":")[0] for worker in workers for port in worker["ports"]]
    assert len(set(published)) == len(published) == 4
    for worker in workers:
        assert worker["read_only"]
        assert worker["depends_on"]["postgresql"] == {"condition": "service_healthy"}
        assert not worker.get("environment")
    assert "POSTGRES_PASSWORD" not in services["postgresql"]["environment"]  # from a file only


# Kubernetes


def rendered(tmp_path: Path, **values: object) -> tuple[int, str, list[dict[str, object]]]:
    """What helm makes of the chart: its exit code, what it says, and the objects."""
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    made = done(tool("helm"), "template", "r", CHART, "--namespace", "n", "--values", file)
    (tmp_path / "made.yaml").write_text(made.stdout)
    return made.returncode, made.stderr, list(filter(None, yaml.safe_load_all(made.stdout)))


FILES = {"transload.yaml": "workspace: bolts\n", "mappings/acme/partner.yaml": "partner: acme\n"}
EVERYTHING = {
    "workers": 3,
    "image": {"repository": "r.example/transload", "tag": "1"},
    "imagePullSecrets": [{"name": "pull"}],
    "workspace": {"files": FILES, "environment": "production"},
    "secrets": ["ledger.db", "acme"],
    "secretEnvironment": ["more"],
    "env": [{"name": "TZ", "value": "UTC"}],
    "networkPolicy": {
        "enabled": True,
        "operationsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
    },
    "volumes": [{"name": "shared", "persistentVolumeClaim": {"claimName": "shared"}}],
    "volumeMounts": [{"name": "shared", "mountPath": "/srv"}],
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "k", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "podLabels": {"team": "edi"},
    "podAnnotations": {"a": "b"},
}
VARIANTS = {
    "as it is": {},
    "everything": EVERYTHING,
    "one worker on a volume": {
        "workers": 1,
        "persistence": {"enabled": True, "storageClass": "fast"},
        "workspace": {"volume": {"persistentVolumeClaim": {"claimName": "w"}}},
        "ports": {"doors": 0},
    },
}


def test_helm_finds_nothing_to_say_of_the_chart() -> None:
    linted = done(tool("helm"), "lint", "--strict", CHART)
    assert linted.returncode == 0, linted.stdout
    assert "[WARNING]" not in linted.stdout


def test_kubernetes_takes_what_the_chart_makes(tmp_path: Path) -> None:
    made = []
    for name, values in VARIANTS.items():
        (tmp_path / name).mkdir()
        code, said, objects = rendered(tmp_path / name, **values)
        assert code == 0, said
        assert len(objects) > 1
        made.append(tmp_path / name / "made.yaml")
    validate = (tool("kubernetes-validate"), "--strict", "--kubernetes-version", "1.34")
    checked = done(*validate, *made)  # together, since it takes long to begin
    assert checked.returncode == 0, checked.stdout + checked.stderr
    made[0].write_text(made[0].read_text().replace("restartPolicy", "").replace("automountService", "autoService"))
    assert done(*validate, made[0]).returncode != 0


@pytest.mark.parametrize("name", VARIANTS)
def test_each_pod_is_looked_at_and_confined(name: str, tmp_path: Path) -> None:
    _, _, objects = rendered(tmp_path, **VARIANTS[name])
    (pods,) = [found for found in objects if found["kind"] in ("Deployment", "StatefulSet")]
    pod = pods["spec"]["template"]["spec"]  # type: ignore[index]
    container = pod["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "operations"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "operations"}
    assert pod["securityContext"]["runAsNonRoot"]
    for one in (container, *pod.get("initContainers", [])):
        assert one["securityContext"]["readOnlyRootFilesystem"]
        mounted = {mount["name"] for mount in one["volumeMounts"]}
        claims = {claim["metadata"]["name"] for claim in pods["spec"].get("volumeClaimTemplates", [])}  # type: ignore[attr-defined]
        assert mounted <= {volume["name"] for volume in pod["volumes"]} | claims
    assert ours(container["args"])


def test_the_chart_brings_the_files_of_the_workspace_to_their_places(tmp_path: Path) -> None:
    _, _, objects = rendered(tmp_path, **EVERYTHING)
    (kept,) = [found["data"] for found in objects if found["kind"] == "ConfigMap"]
    (pods,) = [found for found in objects if found["kind"] == "Deployment"]
    volumes = {volume["name"]: volume for volume in pods["spec"]["template"]["spec"]["volumes"]}  # type: ignore[index]
    items = volumes["from"]["configMap"]["items"]
    assert {item["path"]: kept[item["key"]] for item in items} == FILES  # type: ignore[index]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"persistence": {"enabled": True}}, "one worker at a time"),
        ({"workspace": {"files": FILES, "volume": {"emptyDir": {}}}}, "not in both"),
        ({"worker": 2}, "worker"),
        ({"workspace": {"files": {"../up": "x"}}}, "up"),
    ],
)
def test_the_chart_refuses_what_would_not_work(values: dict[str, object], said: str, tmp_path: Path) -> None:
    code, error, _ = rendered(tmp_path, **values)
    assert code != 0
    assert said in error


# The documents


def test_the_store_of_the_documents_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each workspace that docs/operations.md shows for a way to run it is understood."""
    page = (ROOT / "docs" / "operations.md").read_text()
    shown = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "workspace:" in block]
    assert len(shown) == 3
    for block in shown:
        (tmp_path / "transload.yaml").write_text(block)
        load_store(tmp_path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "ledger-password").write_text("s3cret\n")
    (tmp_path / "transload.yaml").write_text(shown[0])
    assert load_store(tmp_path).address().password == "s3cret"


def test_every_alarm_has_a_section_in_the_runbook_and_every_section_an_alarm() -> None:
    import ast

    from transload.runner.expectations.watch import _EXPECTED
    from transload.runner.ledger.conditions import KINDS

    sources = {*_EXPECTED, *(kind.split()[0] for kind in KINDS)}
    for path in sorted((ROOT / "runner").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "Opening":
                continue
            (source,) = [word.value for word in node.keywords if word.arg == "source"]
            # others come from the two lists above
            sources |= {source.value} if isinstance(source, ast.Constant) else set()
    sections = re.findall(r"^## ([a-z]+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(map(str, sources))

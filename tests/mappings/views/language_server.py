"""A client of the YAML language server, as far as the tests need one: messages over standard input and output."""

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

_WAIT = 30


def installed() -> list[str] | None:
    """The command of the server, from TRANSLOAD_YAML_LANGUAGE_SERVER or the path; None where it is not there."""
    name = os.environ.get("TRANSLOAD_YAML_LANGUAGE_SERVER", "yaml-language-server")
    found = shutil.which(name)
    return [found, "--stdio"] if found and shutil.which("node") else None


class LanguageServer:
    """One server process.  ``diagnostics`` are the messages about a file, ``complete`` what is offered at a place."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._answers: dict[int, Queue[Any]] = {}
        self._told: Queue[dict[str, Any]] = Queue()
        self._number = 0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        root = folder.as_uri()
        settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
        self._settings = settings
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": {}, "workspaceFolders": None})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": settings})

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def open(self, file: Path, text: str) -> list[dict[str, Any]]:
        """Open a file with that text; what is wrong with it."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while True:
            told = self._told.get(timeout=_WAIT)
            if told["uri"] == file.as_uri():
                return list(told["diagnostics"])

    def complete(self, file: Path, line: int, character: int) -> dict[str, dict[str, Any]]:
        """What is offered at a place (from 0), by label."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": character}}
        found = self.ask("textDocument/completion", place)
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: item for item in items}

    def ask(self, method: str, parameters: Any) -> Any:
        self._number += 1
        queue = self._answers.setdefault(self._number, Queue())
        self._send({"id": self._number, "method": method, "params": parameters})
        try:
            answer = queue.get(timeout=_WAIT)
        except Empty:
            raise TimeoutError(f"the language server does not answer {method}") from None
        assert "error" not in answer, answer
        return answer.get("result")

    def _tell(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            size = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                size = int(value) if name.lower() == b"content-length" else size
            if not size:
                return
            message = json.loads(stream.read(size))
            if "method" not in message:
                self._answers[message["id"]].put(message)
            elif message["method"] == "textDocument/publishDiagnostics":
                self._told.put(message["params"])
            elif "id" in message:  # it asks for settings, or to register what it can
                asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
                result = [self._settings.get(one.get("section"), {}) for one in asked] if asked else None
                self._send({"id": message["id"], "result": result})

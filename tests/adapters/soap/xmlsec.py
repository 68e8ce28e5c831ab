"""The independent judge of signatures: the command xmlsec1, in a process of its own."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from lxml import etree

_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def _run(arguments: list[str], made: "etree._Element", files: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    if shutil.which("xmlsec1") is None:
        pytest.skip("xmlsec1 is not installed (Debian: xmlsec1)")
    space = etree.QName(made).namespace
    identities = [f"--id-attr:Id {space}:Body", f"--id-attr:Id {_WSU}:Timestamp"]
    identities += [f"--id-attr:Id {_ADDRESSING}:{name}" for name in ("Action", "RelatesTo")]
    with TemporaryDirectory() as folder:
        for name, text in {**files, "made.xml": etree.tostring(made, encoding="unicode")}.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        command = ["xmlsec1", *arguments, *" ".join(identities).split(), "made.xml"]
        return subprocess.run(command, cwd=folder, capture_output=True)


def verified(made: "etree._Element", certificate: str) -> bool:
    """Whether xmlsec takes the first signature for one of ``certificate``."""
    arguments = ["--verify", "--enabled-key-data", "x509,rsa,ec", "--pubkey-cert-pem", "cert.pem"]
    return _run(arguments, made, {"cert.pem": certificate}).returncode == 0


def signed(made: "etree._Element", certificate: str, key: str) -> "etree._Element":
    """``made`` with its template of a signature filled."""
    ran = _run(["--sign", "--privkey-pem", "key.pem,cert.pem"], made, {"key.pem": key, "cert.pem": certificate})
    assert ran.returncode == 0, ran.stderr
    return etree.fromstring(ran.stdout)

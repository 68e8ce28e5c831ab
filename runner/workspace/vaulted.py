"""The provider ``vault`` of a workspace: its own secrets are references too, to the other providers."""

from dataclasses import replace
from typing import Any

from transload.adapters.base.positioned import Entries, Scalar
from transload.runner.workspace.report import Report
from transload.runner.workspace.secrets import Secrets, has_reference
from transload.runner.workspace.vault import Vault, VaultSettings
from transload.runner.workspace.written import WrittenVault

_SECRET = ("token", "secret_id")


def with_vault(plain: Secrets, written: WrittenVault, block: Entries, report: Report) -> Secrets:
    """``plain`` with the provider ``vault``; nothing is resolved or asked yet.  Faults are findings of ``report``."""
    for key, node in block.pairs:
        if not isinstance(node, Scalar):
            continue
        fault = plain.fault(node.text)
        if fault is not None:
            report.add("C-SECRET", fault[0], node, hint=fault[1])
        elif key.text in _SECRET and not has_reference(node.text):
            hint = "put it into an environment variable or a file, and write ${env:NAME} or ${file:PATH}"
            report.add("C-LITERAL", "a secret stands here in plain text", node, hint=hint)
    at = report.at(block)

    def settings() -> VaultSettings:
        texts: dict[str, Any] = {
            "namespace": written.namespace,
            "role_id": written.role_id,
            "token": written.token.get_secret_value() if written.token else None,
            "secret_id": written.secret_id.get_secret_value() if written.secret_id else None,
        }
        resolved = plain.resolve(texts, at)
        plain.hidden.learn(*(resolved[name] for name in _SECRET if resolved[name]))
        return VaultSettings(
            url=written.url,
            mount=written.mount,
            approle=written.approle,
            ca=plain.base / written.ca if written.ca else None,
            keep=written.keep.total_seconds(),
            patience=written.timeout.total_seconds(),
            **resolved,
        )

    return replace(plain, providers=(*plain.providers, "vault"), vault=Vault(settings))

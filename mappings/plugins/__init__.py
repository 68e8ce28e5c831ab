"""Code that mappings may call: what a plug-in is, and which ones are trusted."""

from transload.mappings.plugins.contract import NodePlugin, Parts, Site, ValuePlugin
from transload.mappings.plugins.finding import Plugins, Trusted, trusted_plugins

__all__ = ["NodePlugin", "Parts", "Plugins", "Site", "Trusted", "ValuePlugin", "trusted_plugins"]

"""Converters of plug-ins: ``py(name)``."""

from collections.abc import Callable, Mapping
from typing import Any

from transload.mappings.language.converters.base import Converter, ConverterError, DomainError, Setting
from transload.mappings.language.fields import Kind
from transload.mappings.plugins.contract import ValuePlugin
from transload.mappings.plugins.finding import Plugin
from transload.mappings.source.problems import suggest


def py(argument: str | None, setting: Setting) -> Converter:
    """``py(name)``: a converter that a plug-in brings."""
    plugin = chosen(argument, setting.plugins)
    code = plugin.code
    if not isinstance(code, ValuePlugin):
        raise ConverterError(
            f"the plug-in {plugin.name} is for nodes", f"write  use: py({plugin.name})  beside a segment"
        )
    if setting.kind.value != code.takes:
        raise ConverterError(f"the plug-in {plugin.name} takes a {code.takes}, and this is a {setting.kind.value}")
    site, name = setting.site, plugin.name

    def read(text: Any) -> Any:
        if not isinstance(text, str):
            raise DomainError(f"{text!r} is no text")
        value = asked(name, lambda: code.decode(text, site))
        if value is None or value == "":
            raise DomainError(f"the plug-in {name} gave no value for {text!r}")
        return value

    def write(value: Any) -> str:
        text = asked(name, lambda: code.encode(value, site))
        if not isinstance(text, str) or not text:
            raise DomainError(f"the plug-in {name} gave no text for {value!r}")
        again = read(text)
        if type(again) is not type(value) or again != value:
            raise DomainError(f"the plug-in {name} writes {value!r} as {text!r}, and reads {again!r} back")
        return text

    return Converter(name="py", read=read, write=write, gives=Kind.TEXT, samples=lambda: tried(name, code.samples))


def chosen(argument: str | None, plugins: Mapping[str, Plugin]) -> Plugin:
    """The plug-in that stands in the parentheses.  Raises `ConverterError`."""
    if not argument:
        raise ConverterError("py needs the name of a plug-in", "for example  py(tidy)")
    found = plugins.get(argument)
    if found is None:
        otherwise = f"name it under uses:  uses: [{argument}]"
        raise ConverterError(f"the file does not use a plug-in {argument!r}", suggest(argument, plugins, otherwise))
    return found


def asked(name: str, call: Callable[[], Any]) -> Any:
    """``call()``; what a plug-in raises becomes a `DomainError` with its name, whatever it is."""
    try:
        return call()
    except ValueError as error:
        raise DomainError(f"{error or 'refused'} (plug-in {name})") from error
    except (Exception, SystemExit) as error:
        raise DomainError(f"the plug-in {name} failed with {type(error).__name__}: {error}") from error


def tried(name: str, samples: Callable[[], Any]) -> list[Any]:
    """The samples of a plug-in.  Raises `DomainError` where it fails."""
    found: list[Any] = asked(name, lambda: list(samples()))
    return found

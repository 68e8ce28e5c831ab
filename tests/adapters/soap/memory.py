"""A source's memory in tests."""


class Notes(dict[str, str]):
    """Notes, and the keys of what arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: set[str] = set()

    def seen(self, key: str) -> bool:
        return key in self.arrived

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self if name.startswith(prefix))

from datetime import timedelta

import pytest
from pydantic import ValidationError

from transload.adapters.base.settings import Duration, Secret, Settings, Template, template_fields


class Mailbox(Settings):
    wait: Duration = timedelta(seconds=5)
    password: Secret | None = None
    file: Template = "out.edi"
    done: Template | None = None
    folder: str = "/"


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("3d", 259200), ("250ms", 0.25), ("1h 30m", 5400)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Mailbox.model_validate({"wait": text}).wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "5 minutes", "-3s", "m"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="write it like 30s"):
        Mailbox.model_validate({"wait": text})


def test_unknown_keys_are_refused_and_secrets_are_masked() -> None:
    with pytest.raises(ValidationError):
        Mailbox.model_validate({"pasword": "x"})
    assert "hunter2" not in repr(Mailbox.model_validate({"password": "hunter2"}))


def test_template_fields_are_found_by_their_annotation() -> None:
    assert template_fields(Mailbox) == ("file", "done")


def test_settings_have_a_json_schema() -> None:
    wait = Mailbox.model_json_schema()["properties"]["wait"]
    assert wait["examples"] == ["30s", "5m", "1h30m"]
    assert wait["default"] == "5s"


def test_durations_stay_durations_in_python_and_are_written_in_json() -> None:
    assert Mailbox().model_dump()["wait"] == timedelta(seconds=5)
    assert Mailbox().model_dump(mode="json")["wait"] == "5s"

"""What a Dockerfile says comes back as it was, whatever it holds."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from importer.domain.run_settings import Healthcheck, RunSettings, parse_run_settings
from importer.writers.dockerfile import dockerfile
from importer.writers.dockerfile_words import NEWLINE_ARGUMENT
from tests.writers.dockerfiles import expanded, instructions, json_list, pairs

VARIABLES = {NEWLINE_ARGUMENT: "\n"}
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
HARD = st.text(st.sampled_from("\\\"'$ \t\n#=-{}:?[]a"), max_size=30)
TEXTS = ANY | HARD
NAMES = TEXTS.filter(lambda name: name and "=" not in name)


def read(settings: RunSettings) -> dict[str, list[str]]:
    """The instructions of a Dockerfile that has these settings, by their names."""
    made = dockerfile("an image", ["layer-1.tar"], settings)
    found: dict[str, list[str]] = {}
    for instruction, rest in instructions(made.text):
        found.setdefault(instruction, []).append(rest)
    assert made.needs_newline == (found.pop("ARG", []) == [NEWLINE_ARGUMENT])
    assert (found.pop("FROM"), found.pop("ADD")) == (["scratch"], ["layer-1.tar /"])
    return found


@given(st.dictionaries(NAMES, TEXTS, max_size=5))
@example({"A": "\\", "B": 'x\\"', "C": "#\n#", "#": "", "--D": " "})
@example({"LONG": "x" * 40_000 + "\\ #y" * 30_000 + "\n$" * 9_000})
def test_variables(values: dict[str, str]) -> None:
    found = read(RunSettings(env=tuple(f"{name}={value}" for name, value in values.items())))
    assert pairs(" ".join(found.get("ENV", [])), VARIABLES) == values


@given(st.dictionaries(NAMES, TEXTS, max_size=5))
def test_labels(labels: dict[str, str]) -> None:
    assert pairs(" ".join(read(RunSettings(labels=labels)).get("LABEL", [])), VARIABLES) == labels


@given(TEXTS, TEXTS)
def test_words(user: str, folder: str) -> None:
    found = read(RunSettings(user=user, working_dir=folder))
    assert [expanded(word, VARIABLES) for word in found.get("USER", [])] == ([user] if user else [])
    assert [expanded(word, VARIABLES) for word in found.get("WORKDIR", [])] == ([folder] if folder else [])


@given(st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=4))
@example(["a\\" * 50_000], ["é#" * 50_000], [])
def test_exec_forms(entrypoint: list[str], cmd: list[str], shell: list[str]) -> None:
    found = read(RunSettings(entrypoint=tuple(entrypoint), cmd=tuple(cmd), shell=tuple(shell)))
    for name, value in (("ENTRYPOINT", entrypoint), ("CMD", cmd), ("SHELL", shell)):
        assert [json_list(rest) for rest in found.get(name, [])] == ([value] if value else [])


@given(st.lists(TEXTS, max_size=4))
def test_volumes(volumes: list[str]) -> None:
    (rest,) = read(RunSettings(volumes=tuple(volumes))).get("VOLUME", ["[]"])
    assert [expanded(path, VARIABLES) for path in json_list(rest)] == volumes


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_health_checks(command: str, words: list[str]) -> None:
    (rest,) = read(RunSettings(healthcheck=Healthcheck(("CMD-SHELL", command), timeout=1_500_000_000)))["HEALTHCHECK"]
    form = rest.removeprefix("--timeout=1500ms CMD ")
    assert form == command or json_list(form) == ["/bin/sh", "-c", command]
    (rest,) = read(RunSettings(healthcheck=Healthcheck(("CMD", *words), retries=3)))["HEALTHCHECK"]
    assert json_list(rest.removeprefix("--retries=3 CMD ")) == words


@given(TEXTS)
def test_triggers_are_said_or_held(trigger: str) -> None:
    made = dockerfile("an image", [], RunSettings(env=("PATH=/",), on_build=(f"RUN {trigger}",)))
    held = [rest for instruction, rest in instructions(made.text) if instruction == "ONBUILD"]
    assert held == [f"RUN {trigger}"] or (held == [] and len(made.unsaid) == 1)


def test_half_characters_are_read_as_docker_reads_them() -> None:
    settings = parse_run_settings({"config": {"Cmd": ["\ud800x"], "Hostname": "h", "Tty": True, "Volumes": None}})
    assert (settings.cmd, settings.others) == (("\ufffdx",), ("Tty",))


def test_missing_settings_are_none() -> None:
    assert parse_run_settings({}) == parse_run_settings({"config": None}) == RunSettings()
    assert "docker build sets one" in dockerfile("an image", [], RunSettings()).unsaid[0]

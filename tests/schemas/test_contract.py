"""An invalid contract is refused, and the refusal names file, table and column."""

from pathlib import Path
from textwrap import dedent

import pytest

from schemas.contract import Contract, ContractError, Table, load_contract

HEAD = "version: 1\nschema: public\ntables:\n"


def contract(directory: Path, tables: str) -> Contract:
    path = directory / "some.yaml"
    path.write_text(HEAD + "\n".join("  " + line for line in dedent(tables).strip().splitlines()), encoding="utf-8")
    return load_contract(path)


def refusal(directory: Path, tables: str) -> str:
    with pytest.raises(ContractError) as caught:
        contract(directory, tables)
    text = str(caught.value)
    assert all(line.startswith(str(directory / "some.yaml")) for line in text.splitlines())
    return text


def column(entry: str) -> str:
    return f"core_event: {{domain: core, role: dimension, columns: {{id: int64, {entry}}}}}"


def test_the_contract_of_this_product_is_valid() -> None:
    found = load_contract()
    assert found.tables["service_servicerequest"].key == ("id",)
    assert found.topic("hub", "core_event") == "hub.public.core_event"
    assert {table.name for tables in found.domains.values() for table in tables} == set(found.tables)


@pytest.mark.parametrize(
    ("entry", "place", "reason"),
    [
        ("title: txt", "core_event.title", "unknown type 'txt', expected one of"),
        ("views: {type: int64, form: x}", "core_event.views", "form"),
        ("views: 5", "core_event.views", "expected a type"),
        ("views: {}", "core_event.views", "type"),
        ("Views: int64", "core_event.Views", "lower-case identifier"),
        ('"a; drop": int64', "core_event.a; drop", "lower-case identifier"),
        ("x: {type: int64, from: a..b, reason: r}", "core_event.x", "lower-case identifier"),
        ("x: {type: int64, from: a.B, reason: r}", "core_event.x", "lower-case identifier"),
        ("_version: int64", "core_event._version", "are ours"),
    ],
)
def test_a_wrong_column_is_named_with_what_was_expected(tmp_path: Path, entry: str, place: str, reason: str) -> None:
    text = refusal(tmp_path, column(entry))
    assert f"{place}: " in text
    assert reason in text


@pytest.mark.parametrize(
    "name",
    ["iin", "bin", "tin", "email", "user_email", "phone", "name", "first_name", "lastname", "username", "address",
     "passport", "token", "iban", "iik", "bank", "ip", "message", "comment", "text", "data", "contact_info", "title"],
)  # fmt: skip
def test_a_name_that_suggests_personal_data_needs_a_written_reason(tmp_path: Path, name: str) -> None:
    assert f"core_event.{name}: " in refusal(tmp_path, column(f"{name}: string"))
    assert "reason" in refusal(tmp_path, column(f"harmless: {{type: string, from: {name}}}"))
    allowed = contract(tmp_path, column(f"{name}: {{type: string, reason: public on the site}}"))
    assert allowed.tables["core_event"].column(name).reason


@pytest.mark.parametrize("name", ["message_id", "views", "shipped", "binary", "context", "status"])
def test_an_id_or_a_word_that_only_contains_one_is_harmless(tmp_path: Path, name: str) -> None:
    contract(tmp_path, column(f"{name}: int64"))


def test_a_path_says_why_its_whole_document_may_reach_the_topic(tmp_path: Path) -> None:
    text = refusal(tmp_path, column("city: {type: string, from: basic_info.city}"))
    assert "core_event.city: the whole document basic_info" in text
    allowed = contract(tmp_path, column("city: {type: string, from: basic_info.city, reason: only the city is kept}"))
    found = allowed.tables["core_event"]
    assert (found.column("city").source, found.column("city").path) == ("basic_info", ("city",))
    assert found.sources == ("id", "basic_info")


@pytest.mark.parametrize(
    "name",
    ["user_sessions_session", "django_session", "django_admin_log", "silk_request", "hub_cache_table",
     "thumbnail_kvstore", "shared_largecache", "oauth2_provider_accesstoken", "authtoken_token", "awsdjangoses_x",
     "social_auth_usersocialauth", "auth_user", "auth_permission", "auth_group_permissions"],
)  # fmt: skip
def test_noise_and_secrets_are_never_captured(tmp_path: Path, name: str) -> None:
    text = refusal(tmp_path, f"{name}: {{domain: x, role: dimension, columns: {{id: int64}}}}")
    assert f"{name}: is on the list of noise and secrets" in text


@pytest.mark.parametrize("name", ["auth_group", "auth_user_groups"])
def test_of_auth_only_groups_and_links_to_them_may_be(tmp_path: Path, name: str) -> None:
    contract(tmp_path, f"{name}: {{domain: x, role: dimension, columns: {{id: int64}}}}")


@pytest.mark.parametrize("name", ["Silk_request", "django session", "x;y"])
def test_a_table_is_a_lower_case_identifier(tmp_path: Path, name: str) -> None:
    assert "identifier" in refusal(tmp_path, f"{name}: {{domain: x, role: dimension, columns: {{id: int64}}}}")


@pytest.mark.parametrize(
    "tables",
    [
        "a: {domain: x, role: dimension, columns: {id: int64}}\na: {domain: x, role: dimension, columns: {id: int64}}",
        "a: {domain: x, role: dimension, columns: {id: int64, id: int32}}",
    ],
)
def test_what_is_listed_twice_is_refused(tmp_path: Path, tables: str) -> None:
    assert "is listed twice" in refusal(tmp_path, tables)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("[code]", "column code|a.code: is the key, but not listed"),
        ("[opened]", "a.opened: a key is required and of type"),
        ("[maybe]", "a.maybe: a key is required"),
        ("[id, id]", "each once"),
        ("[]", "each once"),
        ("[other]", "a.other: a key keeps its name"),
    ],
)
def test_a_key_is_listed_required_and_of_a_type_that_orders(tmp_path: Path, key: str, reason: str) -> None:
    columns = "{id: int64, opened: bool, maybe: {type: int64, optional: true}, other: {type: int64, from: another}}"
    text = refusal(tmp_path, f"a: {{domain: x, role: dimension, key: {key}, columns: {columns}}}")
    assert any(part in text for part in reason.split("|"))


@pytest.mark.parametrize(
    "tables",
    [
        "a: {domain: x, role: fact, columns: {id: int64}}",
        "a: {domain: X y, role: dimension, columns: {id: int64}}",
        "a: {domain: x, role: dimension, partitions: 0, columns: {id: int64}}",
        "a: {domain: x, role: dimension, columns: {}}",
        "a: {domain: x, role: dimension, columns: [id]}",
        "a: 5",
        "a: {domain: x, role: dimension, colums: {id: int64}}",
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, tables: str) -> None:
    assert "some.yaml: a" in refusal(tmp_path, tables)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "version: 2",
        "{",
        "? [a, b]\n: 1",
        HEAD + "  1: {}",
        HEAD + "  a: {columns: {on: bool}}",
        "\x00",
        "a: &x [*x]",
    ],
)
def test_a_document_of_another_form_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=r"odd\.yaml"):
        load_contract(path)


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"absent\.yaml: cannot be read"):
        load_contract(tmp_path / "absent.yaml")
    (tmp_path / "odd.yaml").write_bytes(b"version: \xff")
    with pytest.raises(ContractError, match=r"odd\.yaml: is not UTF-8"):
        load_contract(tmp_path / "odd.yaml")


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = refusal(tmp_path, column("email: string") + "\nsilk_x: {domain: x, role: dimension, columns: {id: int64}}")
    assert len(text.splitlines()) == 2


def test_an_optional_table_can_be_left_out_without_touching_the_rest(tmp_path: Path) -> None:
    whole = load_contract()
    assert set(whole.tables) - set(whole.without(["booking_room"]).tables) == {"booking_room"}


def test_a_contract_cannot_be_changed_after_loading() -> None:
    found: Table = load_contract().tables["booking_room"]
    with pytest.raises(ValueError, match="frozen"):
        found.name = "other"  # type: ignore[misc]

"""The API keeps its names and shapes: everything in contract.graphql is in the schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
)

from schema.api import printed

PROMISED = build_schema(Path(__file__).with_name("contract.graphql").read_text())
KEPT = build_schema(printed())


def _own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    return {
        name: each
        for name, each in schema.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(each)
    }


def _facts(named: GraphQLNamedType) -> set[str]:
    """Everything that a client can rely on in a type, one sentence each."""
    facts = {f"{named.name} is a {type(named).__name__}"}
    match named:
        case GraphQLObjectType() | GraphQLInterfaceType():
            facts |= {f"{named.name} implements {each.name}" for each in named.interfaces}
            for name, field in named.fields.items():
                facts.add(f"{named.name}.{name}: {field.type}")
                facts |= {
                    f"{named.name}.{name}({argument}: {_default(each)})"
                    for argument, each in field.args.items()
                }
        case GraphQLInputObjectType():
            facts |= {
                f"{named.name}.{name}: {_default(field)}" for name, field in named.fields.items()
            }
        case GraphQLEnumType():
            facts |= {f"{named.name} has {value}" for value in named.values}
        case GraphQLUnionType():
            facts |= {f"{named.name} may be {each.name}" for each in named.types}
    return facts


def _default(value: GraphQLArgument | GraphQLInputField) -> str:
    """The type of an input; a default of null says no more than that it may be missing."""
    has_one = value.default_value is not None and value.default_value == ""
    return f"{value.type} = ''" if has_one else str(value.type)


def _required_inputs(named: GraphQLNamedType) -> set[str]:
    """What a client has to send."""
    match named:
        case GraphQLObjectType() | GraphQLInterfaceType():
            return {
                f"{named.name}.{name}({argument})"
                for name, field in named.fields.items()
                for argument, each in field.args.items()
                if is_required_argument(each)
            }
        case GraphQLInputObjectType():
            return {
                f"{named.name}.{name}"
                for name, field in named.fields.items()
                if is_required_input_field(field)
            }
        case _:
            return set()


@pytest.mark.parametrize("name", sorted(_own_types(PROMISED)))
def test_the_schema_has_everything_that_was_promised(name: str) -> None:
    promised = _facts(PROMISED.type_map[name])
    kept = _facts(KEPT.type_map[name]) if name in KEPT.type_map else set()

    assert promised - kept == set()


@pytest.mark.parametrize("name", sorted(_own_types(PROMISED)))
def test_the_schema_asks_for_nothing_that_was_not_agreed(name: str) -> None:
    assert _required_inputs(KEPT.type_map[name]) == _required_inputs(PROMISED.type_map[name])


def test_a_union_holds_nothing_that_clients_have_not_heard_of() -> None:
    """A client that matches on typenames would meet an unknown one."""
    for name, union in _own_types(PROMISED).items():
        if isinstance(union, GraphQLUnionType):
            assert _facts(KEPT.type_map[name]) == _facts(union)


def test_every_result_has_one_success_and_all_its_errors_are_errors() -> None:
    mutation = KEPT.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        result = KEPT.type_map[f"{name[0].upper()}{name[1:]}Result"]
        assert isinstance(result, GraphQLUnionType)
        assert str(field.type) == f"{result.name}!"
        success, *errors = result.types
        assert success.name == result.name.replace("Result", "Success")
        assert all("Error" in {each.name for each in error.interfaces} for error in errors)


def test_the_printed_schema_is_what_the_code_says() -> None:
    call_command("export_schema", "--check")


def test_a_stale_printed_schema_is_noticed(tmp_path: Path, settings: object) -> None:
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]  # pytest-django's
    with pytest.raises(CommandError, match="make schema"):
        call_command("export_schema", "--check")

    call_command("export_schema")
    call_command("export_schema", "--check")

    with (tmp_path / "schema.graphql").open("a") as stale:
        stale.write("scalar Stale\n")
    with pytest.raises(CommandError, match="make schema"):
        call_command("export_schema", "--check")

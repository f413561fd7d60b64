"""List the public API, as in tests/api.txt; `make api` writes that file."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from typing import Any

import shortlist

BACKENDS = ("tensorflow", "jax", "torch")
# Keras hooks have Keras' signatures.
HOOKS = {
    "build",
    "build_from_config",
    "compute_output_shape",
    "compute_output_spec",
    "from_config",
    "get_build_config",
    "get_config",
    "load_assets",
    "load_own_variables",
    "save_assets",
    "save_own_variables",
}


def public_packages() -> list[str]:
    """Return the names of Shortlist and its public packages, without those of absent backends."""
    absent = [name for name in BACKENDS if importlib.util.find_spec(name) is None]
    names = [found.name for found in pkgutil.walk_packages(shortlist.__path__, "shortlist.") if found.ispkg]
    return ["shortlist", *(name for name in names if name.rpartition(".")[2] not in absent)]


def public_api() -> list[str]:
    """Return one line for each public function, class, method and attribute, with its signature."""
    lines, paths = [], {}
    packages = [importlib.import_module(name) for name in public_packages() if ".backend" not in name]
    names = [(package, name) for package in packages for name in sorted(package.__all__)]
    for package, name in names:
        paths.setdefault(id(getattr(package, name)), f"{package.__name__}.{name}")
    for package, name in names:
        value, path = getattr(package, name), f"{package.__name__}.{name}"
        if inspect.ismodule(value):
            continue
        if paths[id(value)] != path:
            lines.append(f"{path} = {paths[id(value)]}")
        elif inspect.isclass(value):
            bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
            lines.append(f"class {path}({bases})" if bases else f"class {path}")
            lines += _members(value, exported=set(paths))
        elif inspect.isfunction(value):
            lines.append(f"{path}{_signature(_parse(value))}")
        else:
            lines.append(f"{path}: {type(value).__name__}")
    return lines


def _members(cls: type, exported: set[int]) -> Iterator[str]:
    """Yield the members of a class, without those that it inherits from an exported class or from Keras."""
    members: dict[str, str] = {}
    exported_bases = [base for base in cls.__mro__[1:] if id(base) in exported]
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("shortlist.") and not any(
            issubclass(one, base) for one in exported_bases
        ):
            members |= _own_members(base)
    yield from (f"    {name}{text}" for name, text in sorted(members.items()))


def _own_members(cls: type) -> dict[str, str]:
    members = {}
    for node in _parse(cls).body:
        if isinstance(node, ast.FunctionDef) and _is_public(node.name):
            is_property = any("property" in ast.unparse(one) for one in node.decorator_list)
            members[node.name] = _signature(node).removeprefix("()" if is_property else "")
        elif isinstance(node, ast.AnnAssign) and _is_public(ast.unparse(node.target)):
            default = f" = {ast.unparse(node.value)}" if node.value else ""
            members[ast.unparse(node.target)] = f": {ast.unparse(node.annotation)}{default}"
    return members


def _is_public(name: str) -> bool:
    return name in ("__init__", "__call__") or (not name.startswith("_") and name not in HOOKS)


def _parse(value: Any) -> Any:
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


def _signature(node: ast.FunctionDef) -> str:
    if node.args.args and node.args.args[0].arg in ("self", "cls"):
        node.args.args.pop(0)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}"


if __name__ == "__main__":
    print("\n".join(public_api()))

"""Build the documentation site with Sphinx: guides in Markdown, reference from the docstrings."""

import importlib
import inspect
import pkgutil
import re
import shutil
import textwrap
from pathlib import Path

import sphinx.util.inspect
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

import shortlist

project = "Shortlist"
version = release = shortlist.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = f"Shortlist {version}"
html_show_copyright = False
pygments_style, pygments_dark_style = "tango", "monokai"

# GitHub's anchors for headings, so that a link works there and here.
myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
exclude_patterns = ["site"]

default_role = "py:obj"  # `Name` in a docstring links to what it names, if the reference has it
napoleon_numpy_docstring = False
autodoc_inherit_docstrings = False  # an overridden Keras hook has Keras' documentation
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80
autodoc_member_order = "bysource"
KERAS_HOOKS = "build, compute_output_shape, compute_output_spec, from_config, get_config"
autodoc_default_options = {"members": True, "inherited-members": True, "exclude-members": KERAS_HOOKS}

INTERNAL = {"shortlist.backend", "shortlist.cli"}
REFERENCE = Path(__file__).parent / "reference"


def write_reference() -> None:
    """Write a page for each public package, with all that its `__all__` names."""
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.mkdir()
    packages = [found.name for found in pkgutil.iter_modules(shortlist.__path__, "shortlist.") if found.ispkg]
    documented: dict[int, str] = {}
    for name in ["shortlist", "shortlist.errors", *sorted(set(packages) - INTERNAL)]:
        package = importlib.import_module(name)
        lines = [f"# {name}", "", inspect.getdoc(package) or "", ""]
        lines += ["```{eval-rst}", f".. currentmodule:: {name}", ""]
        for public in sorted(package.__all__):
            value = getattr(package, public)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            first = documented.setdefault(id(value), f"{name}.{public}")
            if first == f"{name}.{public}":
                lines += [f".. auto{'class' if inspect.isclass(value) else 'function'}:: {public}", ""]
            else:
                lines += [f"``{public}`` is :py:obj:`{first}`.", ""]
        (REFERENCE / f"{name}.md").write_text("\n".join([*lines, "```", ""]))


def is_inherited(app, what, name, member, skip, options) -> bool | None:
    """Skip members that a class has from Keras or Python, which document them."""
    member = getattr(member, "fget", None) or getattr(member, "__func__", member)
    module = getattr(member, "__module__", None) or "shortlist"
    return None if module.partition(".")[0] == "shortlist" else True


def signature_of_init(app, what, name, cls, options, signature, returns) -> tuple[str, None] | None:
    """Show the arguments of a class's constructor, where Sphinx finds Keras' `__new__(*args, **kwargs)`."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    of_init = sphinx.util.inspect.signature(cls.__init__, bound_method=True)
    of_init = of_init.replace(return_annotation=inspect.Signature.empty)
    return sphinx.util.inspect.stringify_signature(of_init, unqualified_typehints=True), None


def to_rst(app, what, name, obj, options, lines: list[str]) -> None:
    """Turn a docstring's Markdown code blocks into reStructuredText; put a reference on one line."""
    text = re.sub(
        r"^( *)```(\w*)\n(.*?)\n *```$",
        lambda block: (
            f"{block[1]}.. code-block:: {block[2] or 'text'}\n\n{textwrap.indent(block[3], '    ')}"
        ),
        "\n".join(lines),
        flags=re.MULTILINE | re.DOTALL,
    )
    references = r"^(?:References?|Sources?): .*(?:\n.*\S.*)*"
    text = re.sub(references, lambda found: re.sub(r"\n +", " ", found[0]), text, flags=re.MULTILINE)
    lines[:] = text.split("\n")


class LinkNames(SphinxPostTransform):
    """Link the `sl.folder.Name` of a guide to the reference."""

    default_priority = 5  # before Sphinx resolves references

    def run(self) -> None:
        objects = self.env.domains.python_domain.objects
        for literal in list(self.document.findall(nodes.literal)):
            name = re.match(r"sl\.([\w.]+)", literal.astext())
            target = f"shortlist.{name[1]}" if name else ""
            if target in objects and isinstance(literal.parent, nodes.TextElement):
                link = addnodes.pending_xref("", literal.deepcopy(), refdomain="py", reftype="obj")
                link.attributes |= {"reftarget": target, "refexplicit": True, "refdoc": self.env.docname}
                literal.replace_self(link)


def setup(app) -> None:
    """Connect the steps above; Sphinx calls this."""
    write_reference()
    app.add_post_transform(LinkNames)
    app.connect("autodoc-skip-member", is_inherited)
    app.connect("autodoc-process-signature", signature_of_init)
    app.connect("autodoc-process-docstring", to_rst, priority=100)  # before Napoleon

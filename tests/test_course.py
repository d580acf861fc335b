"""The course as a whole: every slide has its lesson, every lesson its form, and the documents point at what exists."""

import ast
import functools
import importlib
import re

import pytest

import tinyvae
from lessons.course import lesson_files

LESSONS = lesson_files()
FOLDER = next(iter(LESSONS.values())).parent
ROOT = FOLDER.parent
DOCUMENTS = sorted([*FOLDER.glob("*.md"), *ROOT.glob("*.md")])

EVERY_SLIDE = set(range(2, 33))
# The LaTeX that converters to MathML read. Anything else is refused until somebody has seen it rendered.
ENVIRONMENTS = {"aligned", "cases", "pmatrix", "bmatrix", "array"}
FORBIDDEN = ("middle", "tag", "label", "argmax", "argmin", "DeclareMathOperator", "newcommand", "eqref", "ref")


def text(name):
    return LESSONS[name].read_text(encoding="utf-8")


def first_line(source):
    return ast.get_docstring(ast.parse(source)).splitlines()[0]


def slides(words):
    """The slide numbers in words such as "slides p21, p23-p25" or "p2-4"."""
    numbers = set()
    for first, last in re.findall(r"\bp(\d+)(?:-p?(\d+))?", words):
        numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def call_arguments(source, method):
    """The positional string arguments of every lesson.method(...) and Lesson(...) call, in order."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and method in (getattr(node.func, "attr", None), getattr(node.func, "id", None)):
            yield [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]


def equations(source):
    """The LaTeX of every .. math:: block and :math: role in the comments of a lesson."""
    comments = "\n".join(line[2:] if line.startswith("# ") else "" if line.startswith("#") else "\0"
                         for line in source.splitlines())
    yield from re.findall(r":math:`([^`]+)`", comments)
    for block in re.finditer(r"^\.\. math::(.*)\n((?:[ \t]*\n|[ ]+.*\n?)*)", comments, re.MULTILINE):
        yield (block[1] + "\n" + block[2]).strip()


def without_code(document):
    """A markdown file without its fenced, indented and inline code."""
    document = re.sub(r"^```.*?^```", "", document, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^    .*$", "", document, flags=re.MULTILINE))


def document_equations(source):
    """The LaTeX between dollar signs in a markdown file, outside code."""
    return re.findall(r"\$([^$\n]+)\$", without_code(source))


def after_braces(latex):
    """What follows the group in braces with which latex begins."""
    depth = 0
    for i, character in enumerate(latex):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return latex[i + 1:].lstrip()
    return ""


def latex_faults(latex):
    """What in this LaTeX a MathML converter may not read, or is not LaTeX at all; empty when all is well."""
    faults = []
    if not latex.strip():
        faults.append("empty")
    faults += [f"\\{name}" for name in FORBIDDEN if re.search(rf"\\{name}(?![A-Za-z])", latex)]
    faults += [f"environment {name}" for name in re.findall(r"\\begin\{(.*?)\}", latex) if name not in ENVIRONMENTS]
    if sorted(re.findall(r"\\begin\{(.*?)\}", latex)) != sorted(re.findall(r"\\end\{(.*?)\}", latex)):
        faults.append("\\begin without \\end")
    for fraction in re.finditer(r"\\[dt]?frac(?![A-Za-z])", latex):
        rest = latex[fraction.end():].lstrip()
        if not (rest.startswith("{") and after_braces(rest).startswith("{")):
            faults.append("an argument of \\frac without braces")
    if len(re.findall(r"\\left(?![A-Za-z])", latex)) != len(re.findall(r"\\right(?![A-Za-z])", latex)):
        faults.append("\\left without \\right")
    bare = re.sub(r"\\[{}]|[^{}]", "", latex.replace(r"\\", ""))
    while "{}" in bare:
        bare = bare.replace("{}", "")
    if bare:
        faults.append("braces that do not match")
    return faults


def rows(document):
    """The cells of every table row of a markdown file, without heads and rules."""
    lines = [line.strip() for line in document.splitlines()]
    for line, following in zip(lines, [*lines[1:], ""]):
        if line.startswith("|") and not re.match(r"\|[-|: ]+\|$", line) and not re.match(r"\|[-|: ]+\|$", following):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def resolves(name):
    """Whether a name such as fit, VAE.loss or gaussian.log_density exists in tinyvae."""
    head, *rest = name.split(".")
    if hasattr(tinyvae, head):
        start = getattr(tinyvae, head)
    else:
        try:
            start = importlib.import_module(f"tinyvae.{head}")
        except ModuleNotFoundError:
            return False
    try:
        functools.reduce(getattr, rest, start)
    except AttributeError:
        return False
    return True


def test_every_slide_is_named_by_a_lesson():
    covered = {slide for name in LESSONS for slide in slides(first_line(text(name)))}
    assert covered == EVERY_SLIDE, f"not named: {sorted(EVERY_SLIDE - covered)}, no slides: {sorted(covered - EVERY_SLIDE)}"


def test_every_lesson_of_the_course_is_written():
    assert [name[:2] for name in LESSONS] == [f"{number:02}" for number in range(1, 24)]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_its_form(name):
    source = text(name)
    head, *others = ast.get_docstring(ast.parse(source)).splitlines()
    assert re.fullmatch(r"[A-Z].+ \((?:.*[; ])?(?:slides? p\d|p\d|notes ).*\)\.", head), head
    assert any(line.startswith("Before: ") for line in others) and any(line.startswith("After: ") for line in others)
    assert list(call_arguments(source, "predict")), "no lesson.predict"
    claims = sum(len(list(call_arguments(source, method))) for method in ("claim", "derivation"))
    assert claims >= 5, f"{claims} claims"
    assert list(call_arguments(source, "figure"))
    assert "__file__" not in source
    assert "# %%" in source and len(list(call_arguments(source, "end"))) == 1
    (made_as, title, named, *_), = call_arguments(source, "Lesson")
    assert made_as == name and head.startswith(title.split(":")[0])
    assert slides(named) == slides(head), "the docstring and Lesson(...) name different slides"
    unnamed = slides(head) - slides("\n".join(re.findall("#.*", source)))
    assert not unnamed, f"the text says nothing about p{sorted(unnamed)}"


@pytest.mark.parametrize("name", LESSONS)
def test_equations_use_the_latex_subset(name):
    found = list(equations(text(name)))
    assert found, "no equation"
    faults = {latex: latex_faults(latex) for latex in found if latex_faults(latex)}
    assert not faults


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_equations_of_documents_use_the_latex_subset(path):
    faults = {latex: latex_faults(latex) for latex in document_equations(path.read_text(encoding="utf-8"))}
    assert not {latex: found for latex, found in faults.items() if found}


@pytest.mark.parametrize("latex", [
    r"\frac12", r"\frac{1}2", r"\frac{\sqrt{a}}b", r"a \middle| b", r"x \tag{1}", r"\label{x} y", r"\argmax_\theta f",
    r"\begin{align} a &= b \end{align}", r"\begin{aligned} a", r"\left( a )", r"\frac{1}{2", "x} + {y", ""])
def test_the_subset_refuses(latex):
    assert latex_faults(latex)


def test_the_subset_allows_what_the_lessons_need():
    for latex in (r"\frac{1}{2} \left( \frac{\sqrt{(z - \mu)^2}} {\sigma^2} - 1 \right)",
                  r"\{ \leftarrow \rightarrow \}", r"\operatorname{argmax}_\theta f",
                  r"\begin{aligned} a &= b \\ &= \sqrt n \end{aligned}"):
        assert latex_faults(latex) == []


def test_equations_are_found_in_a_lesson():
    source = "# Text :math:`a` and\n# .. math::\n#    b \\\\\n#    + c\n#\n# more :math:`d`\nx = ':math:`e`'\n"
    assert sorted(equations(source)) == ["a", "b \\\\\n   + c", "d"]


def links(document):
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", without_code(document))


def anchors(document):
    """The anchors that a markdown file's headings get."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", document, re.MULTILINE)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(path):
    document = path.read_text(encoding="utf-8")
    for link in links(document):
        if re.match(r"[a-z]+:", link):                                    # https: and mailto:
            continue
        target, _, anchor = link.partition("#")
        file = path.parent / target if target else path
        assert file.exists(), f"{path.name}: {link}"
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), f"{path.name}: {link}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_names_in_documents_exist(path):
    for name in re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z_]+)+)`", path.read_text(encoding="utf-8")):
        assert resolves(name) or name.endswith((".py", ".md")), f"{path.name}: tinyvae has no {name}"


@pytest.mark.parametrize("name, exists", [("VAE.loss", True), ("gaussian.log_density", True), ("fit", True),
                                          ("VAE.lose", False), ("gaussian.log_densities", False), ("gaus.x", False)])
def test_names_are_looked_up(name, exists):
    assert resolves(name) is exists


def test_every_lesson_has_its_row_in_the_course_at_a_glance():
    table = {}
    for cells in rows((FOLDER / "README.md").read_text(encoding="utf-8")):
        number, file = re.match(r"\[(\d\d)\]\((.+?)\)", cells[0]).groups()
        assert number == file[:2] and file.removesuffix(".py") not in table
        table[file.removesuffix(".py")] = cells
    assert list(table) == list(LESSONS)                                   # each once, in order
    for name, (_, of_slides, idea, functions, figure) in table.items():
        assert slides(of_slides) == slides(first_line(text(name))), name
        assert idea
        for function in re.findall(r"`(.+?)`", functions):
            assert resolves(function), f"{name}: tinyvae has no {function}"
        drawn = [arguments[1] for arguments in call_arguments(text(name), "figure")]
        assert set(re.findall(r"`(.+?)`", figure)) <= {*drawn} and "`" in figure, f"{name} draws {drawn}, not {figure}"


def test_the_glossary_is_complete_and_consistent():
    terms = list(rows((FOLDER / "glossary.md").read_text(encoding="utf-8")))
    assert len(terms) >= 80 and all(len(cells) == 5 for cells in terms)
    korean = [cells[0] for cells in terms]
    assert len(set(korean)) == len(korean)
    for term, english, _, _, numbers in terms:
        assert re.search("[가-힣]", term) and re.search("[A-Za-z]", english) and not re.search("[가-힣]", english)
        assert numbers and all(1 <= int(number) <= 23 for number in numbers.split(", ")), term


def test_notation_gives_a_name_and_a_shape_for_each_symbol():
    symbols = list(rows((FOLDER / "notation.md").read_text(encoding="utf-8")))
    assert len(symbols) >= 30
    for cells in symbols:
        assert len(cells) == 4 and all(cells), cells
        assert "`" in cells[2]

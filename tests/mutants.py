"""Break the library line by line and see a test turn red: python -m tests.mutants [module ...].

Each formula below is changed in every statement: doubled, its sign flipped, each term and each factor dropped. A
mutant that no test notices survives and is printed; the exit status is then 1. Takes some minutes.
"""

import ast
import concurrent.futures
import copy
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent

# module: the tests that answer for it. In each module every function and method is mutated whose name is not in SKIP.
MODULES = {
    "activations": ["test_activations.py"],
    "layers": ["test_layers.py"],
    "gaussian": ["test_gaussian.py"],
    "likelihood": ["test_likelihood.py", "test_vae.py"],
    "vae": ["test_vae.py"],
    "optimizer": ["test_optimizer.py"],
    "evaluation": ["test_evaluation.py", "test_roc.py"],
    "latent": ["test_latent.py"],
    "conditional": ["test_conditional.py"],
    "classifier": ["test_classifier.py"],
    "anomaly": ["test_anomaly.py"],
    "autoregressive": ["test_autoregressive.py"],
    "flow": ["test_flow.py"],
    "gan": ["test_gan.py"],
    "score_matching": ["test_score_matching.py"],
    "softmax": ["test_softmax.py"],
    "score_function": ["test_score_function.py"],
    "linear_gaussian": ["test_linear_gaussian.py"],
    "convolution": ["test_convolution.py"],
    "patches": ["test_convolution.py", "test_patches.py"],
    "corruption": ["test_corruption.py"],
    "autoencoder": ["test_autoencoder.py"],
    "layer_by_layer": ["test_layer_by_layer.py"],
}
# No formulas: checks, names, files, and what only speeds up or shapes an array.
SKIP = {"__init__", "check", "settings", "state", "leaves", "header", "save", "load", "fraction", "make_likelihood",
        "_zeros_like", "mlp", "_data", "_noise", "identity", "sigma", "check_images", "check_kernel", "check_apart",
        "check_switches", "_refuse_without_loss", "check_output_padding", "from_header",
        "as_models", "as_prior"}
FRESH = {"zeros", "zeros_like", "empty", "empty_like", "bool", "isinstance"}
# Mutants that compute the same: (function, the changed line's text, how). Each with its reason.
EQUIVALENT = {
    ("log_marginal", "white = np.linalg.solve(A, (x - b).T)", "sign flipped"): "it is squared",
    ("_sampled", "eps = model.noise(rng, S * B)", "sign flipped"): "the distribution is even",
    ("log_likelihood", "top = np.full(len(x), -np.inf)", None): "any value below all weights will do",
    ("log_likelihood", "sum1, sum2 = (np.zeros(len(x)), np.zeros(len(x)))", None): "a multiple of 0 is 0",
    ("draw", "return rng.standard_normal(shape, dtype)", "sign flipped"): "the distribution is even",
    ("roc_curve", "true_positives = np.concatenate([[0], np.cumsum(positives)])", "doubled"): "it is divided by its own last entry",
    ("roc_curve", "true_positives = np.concatenate([[0], np.cumsum(positives)])", "sign flipped"): "it is divided by its own last entry",
    ("roc_curve", "false_positives = np.concatenate([[0], np.cumsum(negatives)])", "doubled"): "it is divided by its own last entry",
    ("roc_curve", "false_positives = np.concatenate([[0], np.cumsum(negatives)])", "sign flipped"): "it is divided by its own last entry",
    ("_encoder", "return (Sequential(*layers), pools)", "doubled"): "the second half of a doubled list is not used",
    ("initial_kernel", "return stride / kernel * np.reshape(draws, (kernel, kernel, c_in, c_out))", "sign flipped"):
        "the distribution is even",
    ("sample", "z = self.noise(rng, checks.whole_number('n', n))", "sign flipped"): "the distribution is even",
    ("noise", "return rng.standard_normal((batch_size, self.latent_dim), dtype=kind).astype(self.dtype, copy=False)",
     "sign flipped"): "the distribution is even",
    ("glorot_uniform", "return rng.uniform(-limit, limit, (n_in, n_out))", "sign flipped"): "the distribution is even",
    ("lecun_normal", "return rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))", "sign flipped"): "the distribution is even",
    ("he_normal", "return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))", "sign flipped"): "the distribution is even",
    ("information", "samples = checks.whole_number('samples', samples, at_least=2)", "doubled"): "a smaller error, stated as such",
    ("draw", "n = rng.integers(len(mu), size=samples)", "sign flipped"): "examples counted from the end are as uniform",
    ("information", "n = rng.integers(len(mu), size=samples)", "sign flipped"): "likewise",
    ("sliced_wasserstein", "z = checks.float_array('z', z, dtype=np.float64)", "sign flipped"): "N(0, I) is even",
    ("sliced_wasserstein", "directions = checks.whole_number('directions', directions)", "doubled"): "more directions, the same mean",
    ("sliced_wasserstein", "u = checks.generator('rng', rng).standard_normal((directions, z.shape[1]))", None): "u is scaled to length 1; -u measures what u does",
    ("sliced_wasserstein", "u /= np.linalg.norm(u, axis=1, keepdims=True)", "sign flipped"): "likewise",
    ("draw", "up_to_k = np.cumsum(softmax(logits), axis=1)", "doubled"): "the scale cancels",
    ("langevin", "xi = rng.standard_normal(x.shape).astype(x.dtype, copy=False)", "sign flipped"): "the distribution is even",
    ("noise", "eps = rng.standard_normal((batch_size, self.data_dim), dtype=self.noise_dtype)", "sign flipped"): "likewise",
    ("sample", "x = self.sigmas[0] * rng.standard_normal((checks.whole_number('n', n), self.data_dim))", "sign flipped"):
        "likewise",
    ("noise", "return rng.standard_normal((batch_size, self.latent_dim), dtype=self.noise_dtype).astype(self.dtype, copy=False)",
     "sign flipped"): "likewise",
    ("_own", "return {name: view for name, view in views.items() if name.startswith(self.name + '.')}", None):
        "no other name begins so",
    ("log_likelihood", "top[rows] = new_top", None): "any finite reference gives the same sum",
    ("log_likelihood", "new_top = np.maximum(top[rows], log_w.max(axis=0))", None): "likewise",
}


def expressions(value):
    """(description, replacement) for a value: doubled, negated, each term or factor of its sums and products gone."""
    yield "doubled", ast.BinOp(ast.Constant(2), ast.Mult(), value)
    yield "sign flipped", ast.UnaryOp(ast.USub(), value)
    for node in ast.walk(value):
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            for side, other in ((node.left, "right"), (node.right, "left")):
                if other == "left" and isinstance(node.op, ast.Div):
                    continue
                word = "term" if isinstance(node.op, (ast.Add, ast.Sub)) else "factor"
                dropped = node.right if other == "right" else node.left
                yield f"{word} {ast.unparse(dropped)} dropped", replaced(value, node, side)


def replaced(tree, node, new):
    """A copy of tree with node replaced."""
    if tree is node:
        return copy.deepcopy(new)
    tree = copy.copy(tree)
    for name, field in ast.iter_fields(tree):
        if isinstance(field, ast.AST):
            setattr(tree, name, replaced(field, node, new))
        elif isinstance(field, list):
            setattr(tree, name, [replaced(item, node, new) if isinstance(item, ast.AST) else item for item in field])
    return tree


def numeric(value):
    """Not a mutation target: text, truths, functions, and fresh arrays, of which a multiple is 0 or never read."""
    fresh = any(isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in FRESH
                for node in [value, *([value.func.value] if isinstance(value, ast.Call)
                                      and isinstance(value.func, ast.Attribute) else [])])
    return not fresh and not isinstance(value, (ast.Constant, ast.Lambda, ast.JoinedStr, ast.Dict, ast.Compare,
                                                ast.ListComp, ast.List, ast.BoolOp))


def statement_mutants(statement):
    """(description, new statements) for one assignment, return or in-place call."""
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) and statement.value is not None:
        parts = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
        for part in parts:
            if numeric(part):
                for how, new in expressions(part):
                    yield how, [replaced(statement, part, new)]
        if isinstance(statement, ast.AugAssign):
            yield "statement dropped", [ast.Pass()]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        for keyword in statement.value.keywords:
            if keyword.arg == "out":
                target = copy.deepcopy(keyword.value)
                target.ctx = ast.Store()
                for how, factor in (("doubled", 2), ("sign flipped", -1)):
                    yield how, [statement, ast.AugAssign(target, ast.Mult(), ast.Constant(factor))]


def mutants(module):
    """(function, line, description, source) for every mutant of tinyvae/<module>.py."""
    text = (ROOT / "tinyvae" / f"{module}.py").read_text()
    tree = ast.parse(text)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name not in SKIP]:
        for block in [node.body for node in ast.walk(function) if isinstance(getattr(node, "body", None), list)]:
            for i, statement in enumerate(block):
                for how, new in statement_mutants(statement):
                    block[i:i + 1] = new
                    source = ast.unparse(ast.fix_missing_locations(tree))
                    block[i:i + len(new)] = [statement]
                    yield function.name, ast.unparse(statement), how, source


def survives(module, source):
    """True when the module's tests pass on the mutant. RuntimeError when they could not run."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("tinyvae", "tests"):
            shutil.copytree(ROOT / part, pathlib.Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "setup.cfg", folder)
        (pathlib.Path(folder) / "tinyvae" / f"{module}.py").write_text(source)
        environment = {**os.environ, "PYTHONPATH": folder, "OPENBLAS_NUM_THREADS": "1", "TINYVAE_MUTANTS": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += [f"tests/{name}" for name in MODULES[module]]
        try:
            outcome = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            return False
    if outcome.returncode > 2:               # 0 passed, 1 failed, 2 a module that no longer imports
        raise RuntimeError(f"{module}: pytest could not run its tests:\n{outcome.stdout}{outcome.stderr}")
    return outcome.returncode == 0


def main(names):
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        sys.exit(f"mutants: no module {', '.join(unknown)}; there are {', '.join(MODULES)}")
    for module in names or MODULES:
        if not survives(module, (ROOT / "tinyvae" / f"{module}.py").read_text()):
            sys.exit(f"mutants: the tests of {module} fail without a mutation")
    todo = [(module, *mutant) for module in names or MODULES for mutant in mutants(module)]
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(lambda mutant: survives(mutant[0], mutant[-1]), todo)
        for (module, function, line, how, _), alive in zip(todo, outcomes):
            if alive and not {(function, line, how), (function, line, None)} & set(EQUIVALENT):
                survivors += 1
                print(f"SURVIVES  {module}.{function}: {line}   [{how}]", flush=True)
    print(f"{len(todo)} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

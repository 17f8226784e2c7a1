# The commands of CONTRIBUTING.md, for those who use just (https://just.systems); a test holds the two equal.

python := ".venv/bin/python"

# Make the environment: the library, the six localities, and everything that the checks need.
setup:
    python3 -m venv .venv
    {{python}} -m pip install -e '.[dev]' -r plugins/all.txt

# The fast tier: before every commit.
fast:
    {{python}} -m pytest

# The slow tier: before something large lands.
slow:
    {{python}} -m pytest -m "(slow or hypothesis) and not long" --hypothesis-profile slow

# The long tier: before a release.
long:
    {{python}} -m pytest -m "long or hypothesis" --hypothesis-profile long

# Branch coverage of the core: model, calendars, policy, engine, stores.
coverage:
    {{python}} -m pytest tests --ignore-glob "*/test_ch*.py" --ignore tests/test_planted.py --cov

# The fast tier with the lowest versions that we declare.
lowest:
    python3 -m venv .venv-lowest
    .venv-lowest/bin/python -m pip install -e '.[test]' -r plugins/all.txt -c tests/lowest.txt
    .venv-lowest/bin/python -m pytest

# Lint, format, layers, types.
lint:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/lint-imports
    .venv/bin/mypy

# What must hold before anything lands.
ci:
    .ci/run

# Two commands are enough: `make run` and `make test`. The rest is for those who change the code.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8501
PYTEST_ARGS ?= -n 2 --dist loadfile

.PHONY: run test check format lint types chromium house texts clean

# Threads share two pools of memory: with more, a server's memory grows with every session; see docs/load.md.
run: export MALLOC_ARENA_MAX ?= 2
run: $(VENV)/.app  ## Install, make the sample a dataset, open the app (the sample model is trained at first start).
	$(BIN)/python -m recattn sample
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.dev chromium  ## Everything that is tested, the real browser included.
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint types test  ## All that must be green.

format: $(VENV)/.dev  ## Write the code the way ruff likes it.
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

house: $(VENV)/.dev  ## Write README's file tree afresh, from the first line of each file.
	$(BIN)/python tests/test_architecture.py

texts: $(VENV)/.dev  ## Gather what people read, and bring the catalogues in recattn/locale up to date.
	$(BIN)/python -m tests.test_texts

chromium:
	@sh .ci/chromium

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.app: requirements.txt
	@sh .ci/venv $(PYTHON) $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

# make demo   try blobfix on a damaged download; writes to demo/
# make test   all tests, with the real programs; installs these by apt-get when run as root; the quick ones as make coverage
#             two files of tests at a time; PYTEST_ARGS= runs one after the other
# make test-quick  all but the slow tests and those with real programs; needs no root
# make coverage  the same, and which lines and branches they run; fails below the floor in pyproject.toml
# make lint   style, types and the order of the packages
# make generated  what is made from code: docs/rules.md, docs/reports.md and the folders of fixtures/damages
# make fixtures  the other folders of fixtures, by a real docker: each time with other digests
# make vectors  what the encoders are held to, by the original compressors (tests/recompression/engines/make_vectors.py)
# make sanitize  the C code under AddressSanitizer and UBSan, over thousands of inputs (about 10 minutes)
# make fuzz  the C code under clang's fuzzer, as long as FUZZ_SECONDS says (10 minutes)
# make torture  whole commands under faults; TORTURE_SECONDS for each part without an end (at most 30 minutes)
# make benchmark  the main job beside its peers, at 700 MB (about 3 minutes on an idle machine)
# make clean  remove what the others made

PYTHON ?= python3
export PYTHON
export PIP_DISABLE_PIP_VERSION_CHECK = 1
PYTEST_ARGS ?= --numprocesses 2 --dist loadfile

DAMAGED := fixtures/damaged/downloads
SOURCES := pyproject.toml setup.py $(shell find importer -name '*.py' -o -name '*.[ch]') $(wildcard schemas/*.json)

.PHONY: demo test test-quick coverage lint generated fixtures vectors sanitize fuzz torture benchmark clean

demo: .venv/.installed
	rm -rf demo && mkdir demo
	@echo
	@echo '# What is here, and what can be made of it? (Exit code 1 means: damaged, but nothing is lost.)'
	.venv/bin/blobfix scan $(DAMAGED) || test $$? -eq 1
	@echo
	@echo '# A storage folder for registry:2'
	.venv/bin/blobfix to-registry-tree $(DAMAGED) -o demo/registry
	find demo/registry -type f | sort
	@echo
	@echo '# A tar for docker load'
	.venv/bin/blobfix to-docker-tar $(DAMAGED) -o demo/image.tar
	tar -tf demo/image.tar

test: .venv-test/.installed
	sh tests/install-programs.sh
	$(MAKE) coverage
	.venv-test/bin/python -m pytest $(PYTEST_ARGS) -m "slow or real_programs"

test-quick: .venv-test/.installed
	.venv-test/bin/python -m pytest $(PYTEST_ARGS) -m "not slow and not real_programs"

coverage: .venv-test/.installed
	.venv-test/bin/python -m pytest $(PYTEST_ARGS) -m "not slow and not real_programs" --cov --cov-report=term

lint: .venv-test/.installed
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy blobfix importer tests fixtures tools benchmarks
	.venv-test/bin/lint-imports

generated: .venv-test/.installed
	.venv-test/bin/python -m tools.make_docs
	.venv-test/bin/python -m fixtures.make_damages

fixtures: .venv-test/.installed
	sh tests/install-programs.sh
	.venv-test/bin/python -m fixtures.make

vectors: .venv-test/.installed
	.venv-test/bin/python -m tests.recompression.engines.make_vectors

sanitize: .venv-test/.installed
	SANITIZED_INPUTS=3000 .venv-test/bin/python -m pytest tests/recompression/engines/test_sanitized.py

fuzz: .venv-test/.installed
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} .venv-test/bin/python -m pytest tests/recompression/engines/test_fuzzed.py

torture: .venv-test/.installed
	.venv-test/bin/python -m tests.torture $(TORTURE_PARTS)

benchmark: .venv/.installed
	.venv/bin/python -m benchmarks.main_job $(BENCHMARK_ARGS)

clean:
	rm -rf .venv .venv-test demo build *.egg-info

# As a user has it: the installed package, not this folder.
.venv/.installed: $(SOURCES)
	sh tests/install-programs.sh venv
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet .
	touch $@

.venv-test/.installed: pyproject.toml
	sh tests/install-programs.sh venv
	$(PYTHON) -m venv --clear .venv-test
	.venv-test/bin/python -m pip install --quiet --editable '.[test]'
	touch $@

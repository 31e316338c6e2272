# SPDX-License-Identifier: GPL-3.0-or-later
# Short names for what a person does with a clone. The work is done by tools/ and tests/lab.

PYTHON_DEV := .venv/bin/python
KUBERNETES ?= 1.34
LAB := LAB_PYTHON=$(CURDIR)/$(PYTHON_DEV) tests/lab/lab
DEMO := examples/lab-faults.evidence.tar.gz

# Named, because Ansible ignores a configuration that it finds in a folder that others may write to.
ANSIBLE_CONFIG ?= $(CURDIR)/ansible.cfg
export ANSIBLE_CONFIG

.DEFAULT_GOAL := help
.PHONY: help demo diagnose preflight audit test test-matrix bench lab lab-down docs lock clean

help: ## show this list
	@grep -hE '^[a-z-]+%?:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name words; do printf '  make %-14s %s\n' "$$name" "$$words"; done

demo: ## diagnose the recorded cluster that ships with this repository
	@tools/venv run
	@.venv/bin/ansible-playbook diagnose.yml -e image_pull_snapshot=$(DEMO) $(ARGS)

diagnose: ## diagnose your own cluster: make diagnose ARGS="-e image_pull_namespaces=shop"
	@tools/venv run
	@.venv/bin/ansible-playbook diagnose.yml $(ARGS)

preflight: ## would it pull? make preflight ARGS="-e image_pull_manifests=rendered/ -e image_pull_namespace=shop"
	@tools/venv run
	@.venv/bin/ansible-playbook preflight.yml $(ARGS)

audit: ## what runs today and would not be pulled tomorrow
	@tools/venv run
	@.venv/bin/ansible-playbook audit.yml $(ARGS)

test: ## install what is needed and run every test
	@tools/venv dev
	@$(PYTHON_DEV) tools/test.py --kubernetes $(KUBERNETES)

test-%: ## run one part or group: test-lint, test-unit, test-sanity, test-integration, test-molecule, test-lab
	@tools/venv dev
	@$(PYTHON_DEV) tools/test.py --kubernetes $(KUBERNETES) $*

test-matrix: ## the other versions of ansible-core, Python and Kubernetes (an hour or more)
	@tools/venv dev
	@$(PYTHON_DEV) tools/matrix.py $(ARGS)

bench: ## measure on an API server with 10,000 pods
	@tools/venv dev
	@$(PYTHON_DEV) -m pytest -q -s -m bench $(ARGS)

lab: ## start a real Kubernetes with registries and faults (root, Linux): make lab KUBERNETES=1.36
	@tools/venv dev
	@$(LAB) install --kubernetes $(KUBERNETES)
	@$(LAB) up --kubernetes $(KUBERNETES) $(ARGS)

lab-down: ## stop it
	@tools/venv dev
	@$(LAB) down $(ARGS)

docs: ## write the generated pages again: docs/modules, the tables of docs/variables.md
	@tools/venv dev
	@$(PYTHON_DEV) tools/docs.py

lock: ## resolve requirements/*.in to pinned files with hashes
	@tools/lock

clean: ## remove the local environments and everything that tests left
	rm -rf .venv .venv-* .tests .ansible .mypy_cache .pytest_cache .ruff_cache tests/output

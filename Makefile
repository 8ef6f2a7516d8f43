# `make` alone prints this list. ARGS goes to the program: make demo ARGS="--customers 5000 --speed 1000"

.DEFAULT_GOAL := help
.PHONY: help demo demo-kafka test chaos lint bench bench-peers models clean
ARGS ?=
HOLDFAST := cargo run --release --locked --quiet --package holdfast-service --

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## events of a made-up shop, a model, its backtest, then alerts as they come; no Kafka, no Java
	@cargo build --release --locked --package holdfast-service
	@$(HOLDFAST) demo $(ARGS)

demo-kafka: ## the same against a real Kafka broker on this machine, fetched and started for it
	@scripts/demo-kafka.sh $(ARGS)

test: ## everything, the real Kafka included; installs what it needs where it can
	@scripts/test.sh

chaos: ## seeded faults, in ten thousand simulated worlds and against a real Kafka: a table of what was lost, doubled, and how long it took
	@scripts/chaos.sh $(ARGS)

lint: ## format, clippy and documentation, warnings as errors
	@scripts/test.sh format lints docs

bench: ## each stage by itself, bytes per customer, the whole way offline
	@scripts/bench.sh $(ARGS)

bench-peers: ## Holdfast, Flink and Kafka Streams on the same topic of a real broker, in one run
	@scripts/bench-peers.sh $(ARGS)

models: ## trains the models under models/ again from their events
	@scripts/models.sh

clean: ## removes what was built, fetched and written here
	rm -rf target .kafka holdfast-demo

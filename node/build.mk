# The Node.js package in node/, and the example in examples/node.
# `native` in the top Makefile builds the addon; node-build puts it in its place.

NODE_SOURCES := node/package.json node/tsconfig.json $(wildcard node/src/*.ts)

PORT_node = node node/conformance/port.mjs
DEMO_node = node examples/node/service.mjs

.PHONY: node-build node-test node-lint node-fmt node-bench

node-build: node/dist/index.js examples/node/node_modules/sergo
	@node node/scripts/place-addon.mjs "$(TARGET)/release"

node/node_modules/.package-lock.json: node/package.json node/package-lock.json
	@echo "== Node.js: npm packages"
	@npm ci --prefix node --no-audit --no-fund --loglevel=error
	@touch $@

node/dist/index.js: $(NODE_SOURCES) node/node_modules/.package-lock.json
	@echo "== Node.js: the package"
	@rm -rf node/dist
	@npm run --prefix node --silent build

# As `npm install` in examples/node would link it.
examples/node/node_modules/sergo:
	@mkdir -p $(@D)
	@ln -s ../../../node $@

node-test:
	npm run --prefix node --silent types
	npm test --prefix node --silent

node-lint: node/dist/index.js
	npm run --prefix node --silent lint

node-fmt: node/node_modules/.package-lock.json
	npm run --prefix node --silent fmt

node-bench:
	npm run --prefix node --silent bench
	node node/bench/push.mjs "$(TARGET)/release/sergo"

# The existing SDKs against our control plane: included by the top Makefile, run
# from the repository's root.
#
#   sdk-test   what the released SDK for Java receives from `sergo serve`
#   sdk-lint   the format; javac's lints are errors in every build
#   sdk-fmt    formats

SDK_MVN := mvn --batch-mode --no-transfer-progress -Dstyle.color=never -f tests/sdk-java/pom.xml \
	-Dbuild.folder=$(TARGET)/sdk-java

.PHONY: sdk-test sdk-lint sdk-fmt

sdk-test: rust-build ## The existing SDKs against our control plane
	@$(SDK_MVN) -Dsergo=$(TARGET)/release/sergo -Drules=$(CURDIR)/tests/sdk/rules.yaml test

sdk-lint:
	@$(SDK_MVN) --quiet spotless:check

sdk-fmt:
	@$(SDK_MVN) --quiet spotless:apply

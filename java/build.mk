# The Java package: included by the top Makefile, run from the repository's root.
#
#   java-build    library, jar, test classes, and the demo's service
#   java-test     JUnit
#   java-lint     format; javac's lints are errors in every build
#   java-fmt      formats
#   java-bench    JMH: nanoseconds per enter and exit
#   java-package  the jar to release: without the tests' export that panics

JAVA_MVN := mvn --batch-mode --no-transfer-progress -f java/pom.xml
JAVA_FEATURES ?= test-panic
JAVA_OS := $(shell uname -s | tr '[:upper:]' '[:lower:]' | sed 's/darwin/macos/')
JAVA_ARCH := $(shell uname -m | sed 's/arm64/aarch64/')
JAVA_LIBRARY := libsergo_jni.$(if $(filter macos,$(JAVA_OS)),dylib,so)
JAVA_NATIVE := java/target/native/io/sergo/native/$(JAVA_OS)-$(JAVA_ARCH)/$(JAVA_LIBRARY)
JAVA_SOURCES := java/pom.xml $(shell find java/src -type f)

# The conformance port and the demo's service, once java-build has run.
PORT_java := java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 @java/target/test.args io.sergo.conformance.Port
DEMO_java := java -cp java/target/sergo.jar:java/target/demo FooService

.PHONY: java-build java-test java-lint java-fmt java-bench java-package java-always

java-build: java/target/sergo.jar java/target/demo/FooService.class

# Cargo knows what has changed; the file is replaced only if it has.
$(JAVA_NATIVE): java-always
	@cargo build --release --quiet $(CARGO_FLAGS) -p sergo-jni $(if $(JAVA_FEATURES),--features $(JAVA_FEATURES))
	@mkdir -p $(@D)
	@built=$${CARGO_TARGET_DIR:-target}/release/$(JAVA_LIBRARY); cmp -s $$built $@ || cp $$built $@

java/target/sergo.jar: $(JAVA_NATIVE) $(JAVA_SOURCES)
	@$(JAVA_MVN) --quiet -DskipTests package dependency:build-classpath \
		-Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
	@echo "-cp java/target/sergo.jar:java/target/test-classes:$$(cat java/target/test.classpath)" > java/target/test.args
	@touch $@

java/target/demo/FooService.class: examples/java/FooService.java java/target/sergo.jar
	@javac -Xlint:all -Werror -cp java/target/sergo.jar -d java/target/demo $<

java-test: java-build
	@$(JAVA_MVN) surefire:test

java-lint:
	@$(JAVA_MVN) --quiet spotless:check

java-fmt:
	@$(JAVA_MVN) --quiet spotless:apply

java-bench: java-build
	@java @java/target/test.args org.openjdk.jmh.Main EnterBench

java-package:
	@$(MAKE) --no-print-directory JAVA_FEATURES= java/target/sergo.jar

# The Java package: included by the top Makefile, run from the repository's root.
#
#   java-build    library, jar, test classes, and the demo's service
#   java-test     JUnit
#   java-lint     the format; javac's lints are errors in every build
#   java-fmt      formats
#   java-bench    JMH: nanoseconds per enter and exit, route, pick and report; and how long
#                 10,000 rules that are pushed take to be in force
#   java-package  the jar to release: its library has no call that panics on purpose

JAVA_MVN := mvn --batch-mode --no-transfer-progress -Dstyle.color=never -f java/pom.xml
JAVA_OS := $(shell uname -s | tr '[:upper:]' '[:lower:]' | sed 's/darwin/macos/')
JAVA_ARCH := $(shell uname -m | sed 's/arm64/aarch64/')
JAVA_LIBRARY := libsergo_jni.$(if $(filter macos,$(JAVA_OS)),dylib,so)
JAVA_NATIVE := java/target/native/io/sergo/native/$(JAVA_OS)-$(JAVA_ARCH)/$(JAVA_LIBRARY)
JAVA_SOURCES := java/pom.xml $(shell find java/src -type f)

# The conformance port and the demo's service, once java-build has run.
PORT_java = java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 @java/target/test.args io.sergo.conformance.Port
DEMO_java = java @java/target/demo.args FooService

.PHONY: java-build java-test java-lint java-fmt java-bench java-package

java-build: java/target/sergo.jar java/target/demo/FooService.class

# The copy is replaced only by another library, so that nothing is packaged anew
# without need.
$(JAVA_NATIVE): native
	@mkdir -p $(@D)
	@cmp -s $(TARGET)/release/$(JAVA_LIBRARY) $@ || cp $(TARGET)/release/$(JAVA_LIBRARY) $@

java/target/sergo.jar: $(JAVA_NATIVE) $(JAVA_SOURCES)
	@echo "== Java: sergo.jar"
	@$(JAVA_MVN) --quiet -DskipTests package dependency:build-classpath \
		-Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
	@echo "-cp java/target/sergo.jar:java/target/test-classes:$$(cat java/target/test.classpath)" > java/target/test.args
	@echo "-cp java/target/sergo.jar:java/target/demo:$$(cat java/target/test.classpath)" > java/target/demo.args
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
	@java @java/target/test.args io.sergo.bench.PushBench

java-package:
	@cargo build --release $(CARGO_FLAGS) -p sergo-jni
	@mkdir -p $(dir $(JAVA_NATIVE))
	@cp $(TARGET)/release/$(JAVA_LIBRARY) $(JAVA_NATIVE)
	@$(JAVA_MVN) --quiet -DskipTests package

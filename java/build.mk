# The Java package: included by the top Makefile, run from the repository's root.
#
#   java-build    library, jar, test classes, and the demo's service
#   java-test     JUnit; then java-test-22
#   java-test-22  JUnit and the vectors on a JDK 22 or newer, where calls do without JNI;
#                 JAVA_22_HOME names the JDK (newer-jdk says where else it is looked for)
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

# Where there is one, the jar has hot calls by java.lang.foreign as well; else it is JNI alone.
JAVA_22 := $(shell java/newer-jdk)
JAVA_22_RUN = $(JAVA_22)/bin/java --enable-native-access=ALL-UNNAMED
JAVA_PACKAGE = $(JAVA_MVN) --quiet -DskipTests $(if $(JAVA_22),-Djava22.home=$(JAVA_22)) package

# The conformance port and the demo's service, once java-build has run.
PORT_java = java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 @java/target/test.args io.sergo.conformance.Port
DEMO_java = java @java/target/demo.args FooService

.PHONY: java-build java-test java-test-22 java-22 java-lint java-fmt java-bench java-package

java-build: java/target/sergo.jar java/target/demo/FooService.class

# The copy is replaced only by another library, so that nothing is packaged anew
# without need.
$(JAVA_NATIVE): native
	@mkdir -p $(@D)
	@cmp -s $(TARGET)/release/$(JAVA_LIBRARY) $@ || cp $(TARGET)/release/$(JAVA_LIBRARY) $@

# Says which calls the jar has, and leaves none behind that were built by a JDK now gone.
java-22:
	@echo "== Java: sergo.jar, $(if $(JAVA_22),its hot calls by JNI and for JDK 22 on by java.lang.foreign (built by $(JAVA_22)),\
by JNI alone: there is no JDK 22 or newer to build foreign calls with; JAVA_22_HOME would name one)"
	@$(if $(JAVA_22),,rm -rf java/target/classes/META-INF/versions)

java/target/sergo.jar: $(JAVA_NATIVE) $(JAVA_SOURCES)
	@$(MAKE) --no-print-directory java-22
	@$(JAVA_PACKAGE) dependency:build-classpath \
		-Dmdep.includeScope=test -Dmdep.outputFile=target/test.classpath
	@echo "-cp java/target/sergo.jar:java/target/test-classes:$$(cat java/target/test.classpath)" > java/target/test.args
	@echo "-cp java/target/sergo.jar:java/target/demo:$$(cat java/target/test.classpath)" > java/target/demo.args
	@touch $@

java/target/demo/FooService.class: examples/java/FooService.java java/target/sergo.jar
	@javac -Xlint:all -Werror -cp java/target/sergo.jar -d java/target/demo $<

java-test: java-build
	@$(JAVA_MVN) surefire:test
	@$(MAKE) --no-print-directory java-test-22

ifeq ($(JAVA_22),)
java-test-22:
	@echo "== Java: NOT TESTED: calls by java.lang.foreign, for there is no JDK 22 or newer; JAVA_22_HOME would name one"
else
java-test-22: java-build
	@echo "== Java: the same tests and the vectors by java.lang.foreign, on $(JAVA_22)"
	@$(JAVA_MVN) surefire:test -Djvm=$(JAVA_22)/bin/java -Dsergo.classes=target/sergo.jar \
		-DargLine="--enable-native-access=ALL-UNNAMED -Dsergo.test.way=foreign"
	@$(TARGET)/release/conformance --vectors $(VECTORS) --skips tests/conformance/skips.txt \
		--port 'java=$(subst java -XX,$(JAVA_22_RUN) -XX,$(PORT_java))'
endif

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
	@$(MAKE) --no-print-directory java-22
	@$(JAVA_PACKAGE)

///usr/bin/env jbang --interactive "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION The library in JShell: jbang --interactive shell
//DEPS ../sse-to-udp.java

import lib.sse.*;
import lib.udp.*;

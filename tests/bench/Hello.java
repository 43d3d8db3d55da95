///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION For the benchmark: what it costs to start, and with an argument to be there

class Hello {
    public static void main(String... args) throws InterruptedException {
        System.out.println("hello");
        if (args.length > 0) {
            Thread.currentThread().join();
        }
    }
}

package tests.readme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tests.support.Lan;
import tests.support.Readme;
import tests.support.Script;
import tests.support.SseServer;

/** The sessions in README.md and docs/: each command as it stands there, on a network of its own, prints what stands there. */
class SessionTest {

    /** Such a network, and what the sessions have in common. */
    private static final String MACHINE = Lan.ALONE + """
        ip address add 192.168.8.20/32 dev lan0
        ip address add 192.168.8.21/32 dev lan0
        mount -t tmpfs none /var/lib || exit
        mkdir /var/lib/relay
        await() { until grep -q "$1" "$2" 2> /dev/null; do sleep 0.1; done; }
        serve() {
          exec 8< <(exec sse-serve --json --wait 1 --retry 100 --linger 60 2>&1 < <(printf '%s\\n' "$@"))
          server=$!
          read -ru 8
        }
        served() { kill $server; cat <&8 > /dev/null; }
        receive() { rm -f udp-listen.log; exec 9< <(exec udp-listen -F '{data}' 5000); await 5000 udp-listen.log; }
        received() { for (( left = $1; left > 0; left-- )); do read -ru 9 line; echo "received $line"; done; }
        """;

    private static final String TOUCH = "'{\"id\":\"4\",\"data\":\"{\\\"events\\\":[{\\\"panelId\\\":101,\\\"gesture\\\":0}]}\"}'";

    @TempDir
    Path folder;

    /** What stands behind a prompt, and what stands below it. */
    private record Step(String command, List<String> output) {}

    @BeforeEach
    void putTheScriptsOnThePath() throws Exception {
        for (String script : List.of("sse-listen", "udp-send", "sse-to-udp", "udp-listen", "sse-serve", "replay")) {
            String log = " -v 2> '" + folder.resolve(script + ".log") + "'";
            Script.install(folder.resolve("bin"), script, script.endsWith("-listen") ? log : "");
        }
    }

    private static List<Step> steps(String session) throws IOException {
        List<Step> steps = new ArrayList<>();
        for (String line : Readme.block(session).lines().filter(line -> !line.isEmpty()).toList()) {
            if (line.startsWith("$ ")) {
                steps.add(new Step(line.substring(2), new ArrayList<>()));
            } else {
                steps.get(steps.size() - 1).output().add(line);
            }
        }
        return steps;
    }

    /** Runs lines on such a machine; what is left running there ends with it. */
    private List<String> run(String... lines) throws Exception {
        Lan.assumeNamespaces();
        for (String tool : List.of("curl", "jq", "socat")) {
            assumeTrue(Lan.has(tool), "needs " + tool);
        }
        ProcessBuilder builder = Lan.isolated(MACHINE + String.join("\n", lines)).directory(folder.toFile());
        builder.environment().merge("PATH", folder.resolve("bin") + ":", (path, ours) -> ours + path);
        try (Script machine = Script.of(builder.start())) {
            Script.Ended ended = machine.input("").end();
            assertEquals(0, ended.status(), () -> ended.out() + ended.err());
            return ended.out().lines().toList();
        }
    }

    @Test
    void eventsAreListenedTo() throws Exception {
        List<Step> steps = steps("session-sse-listen");
        for (Step step : steps.subList(0, 3)) {
            assertEquals(step.output(), run("serve " + TOUCH, step.command()), step.command());
        }
        String post = steps.get(3).command();
        try (SseServer server = SseServer.stream("data: 1\n\n");
                Script listen = Script.start(List.of("bash", "-c", folder.resolve("bin") + "/" + post.replace(" URL", " " + server.url("/"))))) {
            SseServer.Connection connection = server.next();
            assertEquals("POST / HTTP/1.1", connection.requestLine());
            assertEquals("Bearer TOKEN", connection.header("Authorization").orElse(""));
            assertEquals("application/json", connection.header("Content-Type").orElse(""));
            assertEquals("{\"stream\":true}", connection.body);
            assertEquals("{\"event\":\"message\",\"id\":\"\",\"data\":\"1\"}", listen.nextLine());
        }
    }

    @Test
    void linesAreSent() throws Exception {
        List<Step> steps = steps("session-udp-send");
        assertEquals(
            List.of("received started", "received on", "received on", "received tapped"),
            run(
                "receive",
                "echo started > app.log",
                steps.get(0).command() + " &",
                "received 1",
                steps.get(1).command(),
                "received 2",
                "serve '{\"data\":\"other\"}' '{\"event\":\"touch\",\"data\":\"tapped\"}'",
                steps.get(2).command().replace(" URL", " http://localhost:8080/events"),
                "received 1",
                "served"));
    }

    @Test
    void eventsAreRelayed() throws Exception {
        List<Step> steps = steps("session-sse-to-udp");
        assertEquals(
            List.of("received hello", "received Recv message form SSE Server!", "received bye", "5"),
            run(
                "receive",
                "serve '{\"data\":\"hello\"}'",
                steps.get(0).command(),
                "received 1",
                "served",
                "printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\ndata: x\\n\\n' > answer",
                "socat TCP-LISTEN:16021,bind=192.168.8.20,reuseaddr,fork SYSTEM:'cat answer; sleep 60' &",
                steps.get(1).command() + " --retry-delay 0.1 2> /dev/null &",
                "received 1",
                "kill %%",
                "serve '{\"id\":\"5\",\"data\":\"bye\"}'",
                "echo 'Authorization: Bearer TOKEN' > token.txt",
                "echo http://localhost:8080/events > url.txt",
                steps.get(2).command(),
                "received 1",
                "served",
                "cat /var/lib/relay/id"));
    }

    @Test
    void eventsAreServedAndListenedToWithoutADevice() throws Exception {
        List<Step> steps = steps("session-no-device");
        List<String> expected = steps.get(1).output();
        List<String> printed = run(
            "exec 8< <(" + installed(steps.get(0)) + " 2>&1); read -ru 8",
            installed(steps.get(1)) + " 2> /dev/null",
            "served");
        assertEquals("...", expected.get(2));
        assertEquals(5, printed.size());
        assertEquals(withoutMoment(expected.subList(0, 2)), withoutMoment(printed.subList(0, 2)));
    }

    private static String installed(Step step) {
        return step.command().replace("./jbang ", "");
    }

    @Test
    void datagramIsPrinted() throws Exception {
        Step listen = steps("session-udp-listen").get(0);
        assertEquals(withoutMoment(listen.output()), withoutMoment(run(
            "exec 9< <(exec " + listen.command() + "); await 5000 udp-listen.log",
            "udp-send -m on 192.168.8.1:5000",
            "cat <&9")));
    }

    @Test
    void commandRunsForEachEvent() throws Exception {
        Step each = steps("session-each").get(0);
        List<String> expected = List.of(each.output().get(0), each.output().get(0));
        assertEquals(expected, run(
            "printf '%s\\n' '#!/bin/sh' 'cat' 'echo \"on-touch.sh got $1\"' > on-touch.sh; chmod +x on-touch.sh",
            "serve " + TOUCH + " " + TOUCH, each.command()));
    }

    @Test
    void jqMakesALineOfEachElement() throws Exception {
        assertEquals(List.of("received [101]"),
            run("receive", "serve " + TOUCH, steps("session-jq").get(0).command(), "received 1"));
    }

    @Test
    void fieldsOfTheDataAreOutput() throws Exception {
        List<Step> steps = steps("session-fields");
        for (Step step : steps.subList(0, 2)) {
            assertEquals(step.output(), run("serve " + TOUCH, step.command()), step.command());
        }
        assertEquals(List.of("received {\"on\":true,\"seg\":101}", "received \u0002101", "received "), run("receive",
            "serve " + TOUCH, steps.get(2).command(), "received 1", "served",
            "serve " + TOUCH, steps.get(3).command(), "received 2"));
        String nested = "'{\"data\":\"[{\\\"creationtime\\\":\\\"T\\\",\\\"data\\\":[{\\\"type\\\":\\\"light\\\"},{\\\"id\\\":\\\"3fa1\\\",\\\"type\\\":\\\"button\\\","
            + "\\\"button\\\":{\\\"button_report\\\":{\\\"event\\\":\\\"long_press\\\"}}}]}]\"}'";
        assertEquals(List.of("received off 7", "received {\"text\":\"the \\\"red\\\" lamp\",time}",
                "received {\"id\":\"3fa1\",\"press\":\"long_press\",\"at\":\"T\"}"),
            run("receive", steps("session-device").get(0).command(), "received 1",
                steps("session-json").get(0).command(), "received 1 | sed 's/\"at\":\"20[^\"]*Z\"/time/'",
                "serve " + nested, steps("session-nested").get(0).command(), "received 1"));
    }

    @Test
    void tokensBecomeOneText() throws Exception {
        Step tokens = steps("session-tokens").get(0);
        String[] answer = {"{\"delta\":{\"role\":\"assistant\"}}", "{\"delta\":{\"content\":\"Hello\"}}", "{\"delta\":{\"content\":\", \"}}",
            "{\"delta\":{\"content\":\"world\"}}", "{\"delta\":{},\"finish_reason\":\"stop\"}"};
        String stream = Stream.of(answer).map(one -> "data: {\"choices\":[" + one + "]}\n\n").collect(Collectors.joining());
        try (SseServer server = new SseServer(connection -> connection.send(SseServer.OK + stream + "data: [DONE]\n\n")); Script listen = Script.start(List.of("bash", "-c",
                folder.resolve("bin") + "/" + tokens.command().replace("http://localhost:8080", server.url(""))))) {
            assertEquals(tokens.output(), listen.end().out().lines().toList());
        }
    }

    @Test
    void oneEventIsWaitedFor() throws Exception {
        Step wait = steps("session-wait").get(0);
        assertEquals(wait.output(), run("serve " + TOUCH, wait.command()));
    }

    @Test
    void eventsAreRecordedAndPlayedBack() throws Exception {
        List<Step> steps = steps("session-replay");
        assertEquals(List.of("received one", "received two"), run(
            "serve '{\"data\":\"one\"}' '{\"data\":\"two\"}'",
            steps.get(0).command().replace("sse-listen ", "sse-listen -c 2 "),
            "receive",
            installed(steps.get(1)),
            "received 2"));
    }

    @Test
    void streamThatCurlFetchesIsRead() throws Exception {
        List<Step> steps = steps("session-curl");
        assertEquals(steps.get(0).output(), run("serve " + TOUCH, steps.get(0).command()));
        // A proxy for the second is more than a test needs: without it, the rest of the line is the same.
        String withoutProxy = steps.get(1).command().replace(" --socks5-hostname localhost:1080", "");
        assertEquals(List.of("received {\"events\":[{\"panelId\":101,\"gesture\":0}]}"),
            run("receive", "serve " + TOUCH, withoutProxy, "received 1"));
    }

    @Test
    void linesAreServedWithAPage() throws Exception {
        Step serve = steps("session-sse-serve").get(0);
        List<String> expected = new ArrayList<>(serve.output());
        expected.addAll(List.of("an <h1>", "second"));
        assertEquals(expected, run(
            "echo first > app.log",
            "exec 7< <(" + serve.command() + " 2>&1); read -ru 7 line; echo \"$line\"",
            "curl -s http://127.0.0.1:8080/ | grep -q '<h1' && echo 'an <h1>'",
            "exec 6< <(exec sse-listen -c 1 -F '{data}' http://127.0.0.1:8080/events); await 'HTTP status 200' sse-listen.log",
            "echo second >> app.log",
            "cat <&6"));
    }

    @Test
    void datagramsAreServedAndSentFromTheSameShell() throws Exception {
        Step serve = steps("session-both").get(0);
        List<Step> watch = steps("session-both-watch");
        List<String> expected = new ArrayList<>(serve.output());
        expected.addAll(watch.get(1).output());
        expected.addAll(watch.get(2).output());
        List<String> printed = run(
            "exec 7< <(" + serve.command() + " 2>&1); read -ru 7 line; echo \"$line\"; await 5000 udp-listen.log",
            "exec 6< <(exec " + watch.get(1).command() + " 2> /dev/null); read -ru 6 line; echo \"$line\"",
            "exec 5< <(" + watch.get(2).command() + "); await 'HTTP status 200' sse-listen.log",
            watch.get(0).command(),
            "for i in 1 2 3 4 5 6 7; do read -ru 6 line; if [ \"$line\" ]; then echo \"$line\"; fi; done",
            "for i in 1 2; do read -ru 5 line; echo \"$line\"; done");
        assertEquals(withoutMoment(expected), withoutMoment(printed));
    }

    private static List<String> withoutMoment(List<String> lines) {
        return lines.stream().map(line -> line.replaceAll("id: [a-z0-9]+-", "id: ")
            .replaceAll("(127.0.0|192.168.8).1:[0-9]{5}", "sender")
            .replaceAll("\"id\":\"[a-z0-9]+-", "\"id\":\"").replaceAll("\"time\":\"[^\"]*\"", "time")).toList();
    }

    @Test
    void demoPrintsWhatItDoes() throws Exception {
        List<String> block = Readme.block("session-demo").lines().map(SessionTest::withoutNumbers).toList();
        String command = "cd '" + Script.root() + "' && " + block.get(0).substring(2);
        try (Script demo = Script.start(List.of("bash", "-c", command))) {
            Script.Ended ended = demo.input("").end();
            assertEquals(0, ended.status(), ended.err());
            List<String> printed = ended.out().lines().map(SessionTest::withoutNumbers).toList();
            assertEquals(block.subList(1, 4), printed.subList(0, 3));
            assertEquals(List.of(10, block.get(block.size() - 1)), List.of(printed.size(), printed.get(printed.size() - 1)));
        }
    }

    private static String withoutNumbers(String line) {
        return line.replaceAll("[0-9]+\\.[0-9]+ ms", "N ms").replaceAll(":[0-9]{4,5}", ":PORT");
    }
}

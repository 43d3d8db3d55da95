package lib.sse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The grammar, as tables: each case is read whole, byte by byte, cut in two anywhere, from every kind of buffer and,
 * where its line ends are LF, with CR and with CR LF instead.
 */
class SseParserTest {
    private static final int USUAL = SseParser.DEFAULT_MAX_EVENT_BYTES;
    private static final String BOM = "\uFEFF";

    /** A stream and what must become of it: these calls and no more. */
    record Case(String name, byte[] stream, String idBefore, int maxEventBytes, Parsed expected) {
        Case lastEventId(String id) {
            return new Case(name, stream, idBefore, maxEventBytes,
                new Parsed(expected.calls(), id, expected.retry()));
        }

        Case retry(long milliseconds) {
            return new Case(name, stream, idBefore, maxEventBytes,
                new Parsed(expected.calls(), expected.lastEventId(), Optional.of(Duration.ofMillis(milliseconds))));
        }

        Case after(String id) {
            return new Case(name, stream, id, maxEventBytes, expected);
        }

        Case withAtMost(int bytes) {
            return new Case(name, stream, idBefore, bytes, expected);
        }

        void check(List<ByteBuffer> parts) {
            assertEquals(expected, Parsed.of(idBefore, maxEventBytes, parts));
            parts.forEach(part -> assertFalse(part.hasRemaining(), "a part was not read to its limit"));
        }

        boolean hasLineFeedsOnly() {
            return new String(stream, ISO_8859_1).indexOf('\r') < 0;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Case of(String name, String stream, Object... calls) {
        return ofBytes(name, stream.getBytes(UTF_8), calls);
    }

    /** One character is one byte. */
    private static Case ofRaw(String name, String stream, Object... calls) {
        return ofBytes(name, stream.getBytes(ISO_8859_1), calls);
    }

    private static Case ofBytes(String name, byte[] stream, Object... calls) {
        return new Case(name, stream, "", USUAL, new Parsed(List.of(calls), "", Optional.empty()));
    }

    private static SseEvent data(String data) {
        return event("message", "", data);
    }

    private static SseEvent event(String event, String id, String data) {
        return new SseEvent(event, id, data);
    }

    private static Parsed.Comment comment(String text) {
        return new Parsed.Comment(text);
    }

    private static Parsed.TooLarge tooLarge(int maxEventBytes) {
        return new Parsed.TooLarge(maxEventBytes);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void wholeStream(Case one) {
        one.check(List.of(ByteBuffer.wrap(one.stream)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void oneByteAtATime(Case one) {
        one.check(Parsed.inPartsOf(1, one.stream));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void cutInTwoAnywhere(Case one) {
        for (int cut = 0; cut <= one.stream.length; cut++) {
            one.check(List.of(
                ByteBuffer.wrap(one.stream, 0, cut), ByteBuffer.wrap(one.stream, cut, one.stream.length - cut)));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyKindOfBuffer(Case one) {
        one.check(List.of(ByteBuffer.wrap(one.stream).asReadOnlyBuffer()));
        one.check(List.of(ByteBuffer.allocateDirect(one.stream.length).put(one.stream).flip()));
        one.check(List.of(ByteBuffer.allocateDirect(one.stream.length).put(one.stream).flip().asReadOnlyBuffer()));
        one.check(Parsed.inPartsOf(3, one.stream).stream().map(ByteBuffer::asReadOnlyBuffer).toList());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void emptyBuffersBetweenChangeNothing(Case one) {
        one.check(Parsed.inPartsOf(1, one.stream).stream()
            .flatMap(part -> Stream.of(ByteBuffer.allocate(0), part, ByteBuffer.allocate(0))).toList());
    }

    @ParameterizedTest
    @MethodSource("casesWithLineFeedsOnly")
    void carriageReturnsInsteadOfLineFeeds(Case one) {
        withLineEnds(one, "\r");
    }

    @ParameterizedTest
    @MethodSource("casesWithLineFeedsOnly")
    void carriageReturnLineFeedsInsteadOfLineFeeds(Case one) {
        withLineEnds(one, "\r\n");
    }

    static Stream<Case> casesWithLineFeedsOnly() {
        return cases().filter(Case::hasLineFeedsOnly);
    }

    private static void withLineEnds(Case one, String lineEnd) {
        byte[] stream = new String(one.stream, ISO_8859_1).replace("\n", lineEnd).getBytes(ISO_8859_1);
        Case other = new Case(one.name, stream, one.idBefore, one.maxEventBytes, one.expected);
        wholeStreamAndInParts(other);
    }

    private static void wholeStreamAndInParts(Case one) {
        one.check(List.of(ByteBuffer.wrap(one.stream)));
        one.check(Parsed.inPartsOf(1, one.stream));
        one.check(Parsed.inPartsOf(2, one.stream));
        one.check(Parsed.inPartsOf(7, one.stream));
    }

    // ---- when things happen

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n"})
    void eventIsHandedOverWithTheFirstByteOfItsLastLineEnd(String lineEnd) throws IOException {
        Parsed.Recorder seen = new Parsed.Recorder();
        SseParser parser = new SseParser(seen);
        feed(parser, "id: 1" + lineEnd + "data: a" + lineEnd);
        assertEquals(new Parsed(List.of(), "", Optional.empty()), Parsed.of(parser, seen));
        feed(parser, lineEnd.substring(0, 1));
        Parsed dispatched = new Parsed(List.of(event("message", "1", "a")), "1", Optional.empty());
        assertEquals(dispatched, Parsed.of(parser, seen));
        feed(parser, lineEnd.substring(1));
        assertEquals(dispatched, Parsed.of(parser, seen));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r", "\r\n"})
    void retryAndCommentCountWithTheFirstByteOfTheirLineEnd(String lineEnd) throws IOException {
        Parsed.Recorder seen = new Parsed.Recorder();
        SseParser parser = new SseParser(seen);
        feed(parser, "retry: 5");
        assertEquals(Optional.empty(), parser.retry());
        feed(parser, lineEnd.substring(0, 1));
        assertEquals(Optional.of(Duration.ofMillis(5)), parser.retry());
        feed(parser, lineEnd.substring(1) + ": a");
        assertEquals(List.of(), seen.calls);
        feed(parser, lineEnd.substring(0, 1));
        assertEquals(new Parsed(List.of(comment("a")), "", parser.retry()), Parsed.of(parser, seen));
    }

    @Test
    void lastEventIdIsInForceWhenItsEventIsHandedOver() throws IOException {
        List<String> ids = new ArrayList<>();
        SseParser[] parser = new SseParser[1];
        parser[0] = new SseParser(event -> ids.add(parser[0].lastEventId() + "=" + event.id()));
        feed(parser[0], "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid\ndata: c\n\n");
        assertEquals(List.of("1=1", "2=2", "="), ids);
    }

    @Test
    void handlerOfEventsOnlyNeedsNoMore() throws IOException {
        List<SseEvent> events = new ArrayList<>();
        SseParser parser = new SseParser("", 1, events::add);
        feed(parser, ": comment\ndata: large\n\ndata: b\n\n");
        assertEquals(List.of(data("b")), events);
    }

    @Test
    void bytesOutsideOfPositionAndLimitAreNotRead() throws IOException {
        Parsed.Recorder seen = new Parsed.Recorder();
        SseParser parser = new SseParser(seen);
        byte[] array = "data: x\ndata: a\n\ndata: y\n\n".getBytes(UTF_8);
        ByteBuffer part = ByteBuffer.wrap(array, 8, 9);
        parser.feed(part);
        assertEquals(17, part.position());
        assertEquals(List.of(data("a")), seen.calls);
    }

    @Test
    void arrayMayBeUsedAgainAfterFeed() throws IOException {
        Parsed.Recorder seen = new Parsed.Recorder();
        SseParser parser = new SseParser(seen);
        byte[] array = "data: a".getBytes(UTF_8);
        parser.feed(ByteBuffer.wrap(array));
        Arrays.fill(array, (byte) '\n');
        feed(parser, "b\n\n");
        assertEquals(List.of(data("ab")), seen.calls);
    }

    // ---- from connection to connection

    @Test
    void nothingButTheIdOutlivesAConnection() throws IOException {
        SseParser first = new SseParser(new Parsed.Recorder());
        feed(first, BOM + "id: 1\nretry: 5\n\nevent: a\nid: 2\ndata: b\nda");
        Parsed.Recorder seen = new Parsed.Recorder();
        SseParser second = new SseParser(first.lastEventId(), USUAL, seen);
        assertEquals(new Parsed(List.of(), "1", Optional.empty()), Parsed.of(second, seen));
        feed(second, BOM + "data: c\n\n");
        assertEquals(new Parsed(List.of(event("message", "1", "c")), "1", Optional.empty()), Parsed.of(second, seen));
    }

    @Test
    void lineFeedOfAnotherConnectionDoesNotBelongToACarriageReturn() throws IOException {
        SseParser first = new SseParser(new Parsed.Recorder());
        feed(first, "id: 1\r\r");
        Parsed.Recorder seen = new Parsed.Recorder();
        feed(new SseParser(first.lastEventId(), USUAL, seen), "\ndata: a\n\n");
        assertEquals(List.of(event("message", "1", "a")), seen.calls);
    }

    // ---- the handler's exceptions

    static Stream<Throwable> throwables() {
        return Stream.of(new IOException("gone"), new IllegalStateException("wrong"), new AssertionError("broken"));
    }

    @ParameterizedTest
    @MethodSource("throwables")
    void whatTheHandlerThrowsLeavesFeedAsItIs(Throwable thrown) {
        SseParser.Handler failing = new SseParser.Handler() {
            @Override
            public void event(SseEvent event) throws IOException {
                fail();
            }

            @Override
            public void comment(String text) throws IOException {
                fail();
            }

            @Override
            public void tooLarge(int maxEventBytes) throws IOException {
                fail();
            }

            private void fail() throws IOException {
                if (thrown instanceof IOException checked) {
                    throw checked;
                } else if (thrown instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                throw (Error) thrown;
            }
        };
        String much = "1234567890".repeat(2);
        for (String stream : List.of("data\n\n", ":\n", "data: 12345\n", "data: " + much, ": " + much)) {
            assertSame(thrown, assertThrows(Throwable.class, () -> feed(new SseParser("", 4, failing), stream)));
            assertSame(thrown, assertThrows(Throwable.class, () -> {
                SseParser parser = new SseParser("", 4, failing);
                for (ByteBuffer part : Parsed.inPartsOf(1, stream.getBytes(UTF_8))) {
                    parser.feed(part);
                }
            }));
        }
    }

    // ---- sizes

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, SseParser.MAX_EVENT_BYTES_LIMIT + 1, Integer.MAX_VALUE})
    void boundOutsideOfItsRangeIsRefused(int maxEventBytes) {
        String message = assertThrows(IllegalArgumentException.class,
            () -> new SseParser("", maxEventBytes, new Parsed.Recorder())).getMessage();
        assertEquals("maxEventBytes " + maxEventBytes + ": expected 1 to 1073741824", message);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64 << 10, SseParser.MAX_EVENT_BYTES_LIMIT})
    void smallestAndLargestBound(int maxEventBytes) {
        Case one = of("anyBound", BOM + "event: a\ndata\n\nid:1\ndata:\n\nid\ndata: b\n\n",
            event("a", "", ""), event("message", "1", ""), data("b")).withAtMost(maxEventBytes);
        wholeStreamAndInParts(one);
    }

    /** The parser's own buffer is of some power of two: line ends and characters must survive wherever it is cut. */
    @Test
    void anyLengthOfLineSurvivesTheBuffersEnd() {
        for (int length = (64 << 10) - 12; length <= (64 << 10) + 4; length++) {
            String pad = "x".repeat(length);
            for (String lineEnd : List.of("\n", "\r", "\r\n")) {
                String stream = ":" + pad + "\ndata: \u20AC" + pad + "\u20AC\n\ndata: a\ndata: b\n\ndata: c\n\n";
                Case one = of("padded", stream.replace("\n", lineEnd), comment(pad), data("\u20AC" + pad + "\u20AC"), data("a\nb"), data("c"));
                one.check(List.of(ByteBuffer.wrap(one.stream)));
                one.check(Parsed.inPartsOf(16 << 10, one.stream));
                one.check(Parsed.inPartsOf(64 << 10, one.stream));
            }
        }
    }

    @Test
    void longLineAndManyLinesOneByteAtATime() {
        String line = "0123456789abcdef".repeat(20_000);
        List<String> lines = Stream.generate(() -> "abc").limit(50_000).toList();
        Case one = of("long", "data: " + line + "\n\ndata: " + String.join("\ndata: ", lines) + "\n\n",
            data(line), data(String.join("\n", lines)));
        one.check(Parsed.inPartsOf(1, one.stream));
        one.check(Parsed.inPartsOf(1000, one.stream));
    }

    @Test
    void usualBoundIsExact() {
        String most = "x".repeat(USUAL);
        of("exact", "data: " + most + "\n\ndata: a\n\n", data(most), data("a"))
            .check(List.of(ByteBuffer.wrap(("data: " + most + "\n\ndata: a\n\n").getBytes(UTF_8))));
        Case over = of("over", "data: +" + most + "\n\ndata: a\n\n", tooLarge(USUAL), data("a"));
        over.check(List.of(ByteBuffer.wrap(over.stream)));
        over.check(Parsed.inPartsOf(16 << 10, over.stream));
    }

    private static void feed(SseParser parser, String text) throws IOException {
        parser.feed(ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    // ---- the tables

    static Stream<Case> cases() {
        return Stream.of(
                whereOtherClientsGoWrong(), examplesOfTheStandard(), fields(), data(), eventTypes(), ids(), retries(),
                comments(), lineEnds(), endsOfStreams(), byteOrderMarks(), encodings(), mixtures(), bounds())
            .flatMap(List::stream);
    }

    private static List<Case> whereOtherClientsGoWrong() {
        return List.of(
            of("oneSpaceAfterTheColonIsRemovedAndNoMore", "data:   a\n\n", data("  a")),
            of("dataWithoutColonIsAnEmptyLine", "data\n\n", data("")),
            of("lineOfOneSpaceIsAnUnknownFieldAndNotTheEnd", "data: a\n \ndata: b\n\n", data("a\nb")),
            of("retryWithALetterIsIgnored", "retry: 5x\n\n"),
            of("retryBelowZeroIsIgnored", "retry: -5\n\n"),
            of("retryWithAPlusIsIgnored", "retry: +5\n\n"),
            of("retryThatOverflowsIsIgnored", "retry: 9223372036854775808\n\n"),
            of("idWithNullIsIgnoredWhole", "id: 1\n\nid: 2\0\ndata: a\n\n", event("message", "1", "a"))
                .lastEventId("1"),
            of("idAloneResets", "id: 1\ndata: a\n\nid\ndata: b\n\n", event("message", "1", "a"), data("b")),
            of("idWithoutDataIsRemembered", "id: 1\n\ndata: a\n\n", event("message", "1", "a")).lastEventId("1"),
            of("blockWithoutDataDispatchesNothing", "event: a\nid: 1\nretry: 1\n\n").lastEventId("1").retry(1),
            of("emptyEventMeansMessage", "event: a\nevent:\ndata: b\n\n", data("b")),
            of("namesAreCaseSensitive", "Data: a\nDATA: b\nEvent: c\nID: d\nRetry: 1\nRETRY: 1\ndata: e\n\n",
                data("e")),
            of("halfAnEventAtTheEndIsDropped", "data: a\n\ndata: b\n", data("a")),
            of("byteOrderMarkAtTheStartIsDropped", BOM + "data: a\n\n", data("a")),
            of("laterByteOrderMarkIsData", "data: " + BOM + "a\n\n", data(BOM + "a")),
            of("laterByteOrderMarkIsPartOfAName", "data: a\n" + BOM + "data: b\n\n", data("a")),
            of("lineEndsMayBeMixed", "data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\n\rdata: e\n\n",
                data("a\nb\nc"), data("d"), data("e")),
            of("eventThatEndsInCarriageReturnIsDelivered", "data: a\r\r", data("a")),
            of("characterCutByAChunkStaysWhole", "data: \u00E9\u20AC\uD83D\uDE00\n\n",
                data("\u00E9\u20AC\uD83D\uDE00")),
            ofRaw("encodedSurrogateIsThreeReplacements", "data: \u00ED\u00A0\u0080\n\n", data("\uFFFD\uFFFD\uFFFD")),
            of("retryTakesEffectAtItsLine", "retry: 5\n").retry(5),
            of("idTakesEffectAtTheBlankLine", "id: 1\n\n").lastEventId("1"),
            of("idOfAnUnfinishedBlockDoesNotCount", "id: 1\n\nid: 2\ndata: a\n").lastEventId("1"),
            of("dataWithColonAloneIsAnEvent", "data:\n\n", data("")),
            of("typeIsResetByABlockWithoutData", "event: a\n\ndata: b\n\n", data("b")),
            of("lineAndParagraphSeparatorsAndNextLineAreData", "data: a\u2028b\u2029c\u0085d\n\n",
                data("a\u2028b\u2029c\u0085d")),
            of("idLivesOnFromEarlierConnections", "data: a\n\n", event("message", "7", "a"))
                .after("7").lastEventId("7"));
    }

    /** The situations of the four streams that the standard explains, with other data in them. */
    private static List<Case> examplesOfTheStandard() {
        return List.of(
            of("threeDataLinesAreOneEvent", "data: LAMP\ndata: -3\ndata: 21\n\n", data("LAMP\n-3\n21")),
            of("commentThenIdThenIdReset",
                ": hello\n\ndata: one\nid: 1\n\ndata:two\nid\n\ndata:  three\n\n",
                comment("hello"), event("message", "1", "one"), data("two"), data(" three")),
            of("emptyDataLinesAreCountedAndTheLastBlockNeedsItsEnd", "data\n\ndata\ndata\n\ndata:",
                data(""), data("\n")),
            of("spaceAfterTheColonMakesNoDifference", "data:same\n\ndata: same\n\n", data("same"), data("same")));
    }

    private static List<Case> fields() {
        return List.of(
            of("blankLinesAloneDoNothing", "\n\n\n\n"),
            of("onlyTheFirstColonSeparates", "data: a:b: c\n\ndata::\n\n", data("a:b: c"), data(":")),
            of("spaceBeforeTheColonIsPartOfTheName", "data : a\nevent : b\nid : c\nretry : 1\n\n"),
            of("spaceBeforeTheNameIsPartOfIt", " data: a\n\tdata: b\n\n"),
            of("longerAndShorterNamesAreUnknown",
                "dat: a\ndataa: b\nd: c\ni: d\nidd: e\nevents: f\nretr: 1\nretryy: 1\n\n"),
            of("nameWithNullIsUnknown", "data\0: a\nid\0: b\n\n"),
            of("nameInOtherLettersIsUnknown", "d\u0430ta: a\n\uFF44ata: b\n\n"),
            of("unknownFieldsAreIgnored", "foo: a\nfoo\n{\ndata: b\nbar:c\n\n", data("b")),
            of("everyFieldWithoutColonHasAnEmptyValue", "id: 1\n\nid\nevent\nretry\ndata\n\n", data("")),
            of("fieldsMayComeInAnyOrder", "data: a\nid: 1\ndata: b\nevent: c\n\n", event("c", "1", "a\nb"))
                .lastEventId("1"));
    }

    private static List<Case> data() {
        return List.of(
            of("valueOfOneSpaceIsEmpty", "data: \n\n", data("")),
            of("valueOfTwoSpacesIsOne", "data:  \n\n", data(" ")),
            of("tabAfterTheColonIsData", "data:\ta\n\n", data("\ta")),
            of("otherSpacesAfterTheColonAreData", "data:\u00A0a\ndata:\u3000b\n\n", data("\u00A0a\n\u3000b")),
            of("spaceAndTabAtTheEndAreData", "data: a \t \n\n", data("a \t ")),
            of("nullAndOtherControlsAreData", "data: \0\u0001\u001B[1m\u007F\f\u000B\n\n",
                data("\0\u0001\u001B[1m\u007F\f\u000B")),
            of("emptyLinesAreKeptAtBothEnds", "data\ndata: a\ndata\ndata:\n\n", data("\na\n\n")),
            of("everyDataLineCounts", "data\ndata\ndata\n\n", data("\n\n")),
            of("dataDoesNotReachTheNextEvent", "data: a\ndata: b\n\ndata: c\n\n", data("a\nb"), data("c")),
            of("backslashAndPercentStandForThemselves", "data: \\n%0A\\r\n\n", data("\\n%0A\\r")),
            of("whatLooksLikeAFieldIsData", "data: data: a\ndata:id: 1\n\n", data("data: a\nid: 1")));
    }

    private static List<Case> eventTypes() {
        return List.of(
            of("typeIsWhatTheFieldSays", "event: touch\ndata: a\n\n", event("touch", "", "a")),
            of("lastTypeOfTheBlockCounts", "event: a\nevent: b\ndata\n\n", event("b", "", "")),
            of("typeDoesNotReachTheNextEvent", "event: a\ndata\n\ndata\n\n", event("a", "", ""), data("")),
            of("typeOfOneSpaceMeansMessage", "event: \ndata\n\n", data("")),
            of("typeKeepsItsSpaces", "event:  a \ndata\n\n", event(" a ", "", "")),
            of("typeMayHaveNull", "event: \0\ndata\n\n", event("\0", "", "")),
            of("typeMessageIsMessage", "event: message\ndata\n\n", data("")));
    }

    private static List<Case> ids() {
        return List.of(
            of("idStaysForLaterEvents", "id: 1\ndata: a\n\ndata: b\n\n\ndata: c\n\n",
                event("message", "1", "a"), event("message", "1", "b"), event("message", "1", "c")).lastEventId("1"),
            of("lastIdOfTheBlockCounts", "id: 1\ndata\nid: 2\n\n", event("message", "2", "")).lastEventId("2"),
            of("sameIdIsNoDuplicate", "id: 4\ndata: a\n\nid: 4\ndata: a\n\n",
                event("message", "4", "a"), event("message", "4", "a")).lastEventId("4"),
            of("emptyIdResets", "id: 1\n\nid:\n\n"),
            of("idOfOneSpaceResets", "id: 1\n\nid: \n\n"),
            of("idOfSpacesIsTheRestOfThem", "id:   \n\n").lastEventId("  "),
            of("idIsAnyText", "id: \u00E9 \uD83D\uDE00:\t1 \n\n").lastEventId("\u00E9 \uD83D\uDE00:\t1 "),
            of("idWithNullLeavesTheOneOfItsBlock", "id: 1\nid: \0\nid:2\0003\n\n").lastEventId("1"),
            of("idWithNullFirstLeavesTheOneOfItsBlock", "id:\0\nid: 1\n\n").lastEventId("1"),
            of("idResetWithoutDataIsRemembered", "id\n\ndata: a\n\n", data("a")).after("7"),
            of("idResetOfAnUnfinishedBlockDoesNotCount", "id\n").after("7").lastEventId("7"),
            of("unfinishedIdDoesNotReachTheEventBefore", "data: a\n\nid: 8\n", event("message", "7", "a"))
                .after("7").lastEventId("7"));
    }

    private static List<Case> retries() {
        return List.of(
            of("retryIsMilliseconds", "retry: 1500\n\n").retry(1500),
            of("retryWithoutSpace", "retry:1500\n\n").retry(1500),
            of("retryMayBeZero", "retry: 0\n\n").retry(0),
            of("retryMayHaveLeadingZeros", "retry: 0010\n\n").retry(10),
            of("retryMayHaveLeadingZerosWithoutEnd", "retry: " + "0".repeat(40) + "7\n\n").retry(7),
            of("largestRetry", "retry: 999999999999999999\n\n").retry(999_999_999_999_999_999L),
            of("retryOfNineteenDigitsIsIgnored", "retry: 3\nretry: 1000000000000000000\n\n").retry(3),
            of("retryOfManyDigitsIsIgnored", "retry: 3\nretry: " + "9".repeat(100) + "\n\n").retry(3),
            of("emptyRetryIsIgnored", "retry: 3\nretry:\nretry\nretry: \n\n").retry(3),
            of("retryWithSpacesIsIgnored", "retry: 3\nretry:  4\nretry: 4 \nretry: 4 4\nretry:\t4\n\n").retry(3),
            of("retryWithFractionOrExponentIsIgnored", "retry: 3\nretry: 4.0\nretry: 4e1\nretry: 0x4\nretry: 4_0\n\n")
                .retry(3),
            of("retryWithNullIsIgnored", "retry: 3\nretry: 4\0\n\n").retry(3),
            of("retryInOtherDigitsIsIgnored", "retry: 3\nretry: \u0664\nretry: \uFF14\n\n").retry(3),
            of("lastRetryCounts", "retry: 1\nretry: 2\n\nretry: 3\n\n").retry(3),
            of("retryDoesNotDispatchNorTouchTheEvent", "event: a\nretry: 1\ndata: b\nretry: 2\n\n", event("a", "", "b"))
                .retry(2),
            of("unfinishedRetryLineDoesNotCount", "retry: 1\nretry: 2").retry(1));
    }

    private static List<Case> comments() {
        return List.of(
            of("commentIsWithoutColonAndOneSpace", ":a\n: b\n:  c\n:\td\n", comment("a"), comment("b"),
                comment(" c"), comment("\td")),
            of("emptyComments", ":\n: \n", comment(""), comment("")),
            of("commentInsideAnEventIsNoPartOfIt", "data: a\n: b\ndata: c\n\n", comment("b"), data("a\nc")),
            of("commentIsNotAnEnd", "data: a\n:\ndata: b\n:\n\n", comment(""), comment(""), data("a\nb")),
            of("commentAloneDispatchesNothing", ": a\n\n: b\n\n", comment("a"), comment("b")),
            of("commentMayLookLikeAField", ":data: a\n::\n: id: 1\n\n", comment("data: a"), comment(":"),
                comment("id: 1")),
            of("commentIsUtf8", ": \u00E9\uD83D\uDE00\0\n", comment("\u00E9\uD83D\uDE00\0")),
            of("unfinishedCommentIsDropped", ": a\n: b", comment("a")));
    }

    private static List<Case> lineEnds() {
        return List.of(
            of("carriageReturns", "data: a\rdata: b\r\rdata: c\r\r", data("a\nb"), data("c")),
            of("carriageReturnLineFeeds", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", data("a\nb"), data("c")),
            of("carriageReturnLineFeedIsOneLineEnd", "data: a\r\ndata: b\r\n\n", data("a\nb")),
            of("lineFeedCarriageReturnIsTwoLineEnds", "data: a\n\rdata: b\n\r", data("a"), data("b")),
            of("carriageReturnThenCarriageReturnLineFeed", "data: a\r\r\ndata: b\r\r\n", data("a"), data("b")),
            of("twoLineFeedsAfterCarriageReturnAreTwoLineEnds", "data: a\r\n\ndata: b\r\n\n", data("a"), data("b")),
            of("lineFeedFirstIsABlankLine", "\ndata: a\n\n", data("a")),
            of("carriageReturnFirstIsABlankLine", "\rdata: a\r\n\r", data("a")),
            of("carriageReturnLineFeedFirstIsABlankLine", "\r\ndata: a\r\n\r\n", data("a")),
            of("lineFeedAfterTheLastCarriageReturnIsNoSecondEnd", "data\r\n\r\ndata\r\n\r\n", data(""), data("")),
            of("idEndsAtCarriageReturn", "id: 1\r\r").lastEventId("1"),
            of("retryEndsAtCarriageReturn", "retry: 1\r").retry(1),
            of("commentEndsAtCarriageReturn", ": a\r", comment("a")),
            of("verticalTabAndFormFeedEndNoLine", "data: a\u000Bb\fc\u001Cd\n\n", data("a\u000Bb\fc\u001Cd")));
    }

    private static List<Case> endsOfStreams() {
        return List.of(
            of("emptyStream", ""),
            of("endWithoutBlankLine", "data: a\n"),
            of("endInsideALine", "data: a\n\ndata: b", data("a")),
            of("endInsideAName", "data: a\n\nda", data("a")),
            of("endInsideABlankLineOfSpaces", "data: a\n "),
            ofRaw("endInsideACharacter", "data: a\n\ndata: \u00E2\u0082", data("a")),
            of("endInsideAByteOrderMark", "\u00EF\u00BB"));
    }

    private static List<Case> byteOrderMarks() {
        return List.of(
            of("byteOrderMarkBeforeAComment", BOM + ": a\n", comment("a")),
            of("byteOrderMarkBeforeABlankLine", BOM + "\ndata: a\n\n", data("a")),
            of("byteOrderMarkBeforeCarriageReturn", BOM + "\r\rdata: a\r\r", data("a")),
            of("byteOrderMarkAlone", BOM),
            of("secondByteOrderMarkIsPartOfAName", BOM + BOM + "data: a\ndata: b\n\n", data("b")),
            of("byteOrderMarkInTheSecondLineIsPartOfAName", "\n" + BOM + "data: a\ndata: b\n\n", data("b")),
            of("byteOrderMarkAfterASpaceIsPartOfAName", " " + BOM + "data: a\ndata: b\n\n", data("b")),
            of("byteOrderMarkInEveryValue",
                BOM + "id:" + BOM + "\nevent:" + BOM + "\ndata:" + BOM + "\n:" + BOM + "\n\n",
                comment(BOM), event(BOM, BOM, BOM)).lastEventId(BOM),
            of("valueThatBeginsWithByteOrderMarkAndSpace", "data:" + BOM + " a\n\n", data(BOM + " a")),
            ofRaw("twoBytesOfAByteOrderMarkArePartOfAName", "\u00EF\u00BBdata: a\ndata: b\n\n", data("b")),
            ofRaw("twoBytesOfAByteOrderMarkAreALine", "\u00EF\u00BB\ndata: b\n\n", data("b")),
            ofRaw("byteOrderMarkOfUtf16IsPartOfAName", "\u00FE\u00FFdata: a\ndata: b\n\n", data("b")));
    }

    /** Malformed UTF-8: each U+FFFD stands for the longest beginning of a character, or else for one byte. */
    private static List<Case> encodings() {
        List<Case> all = new ArrayList<>(List.of(
            of("charactersOfEveryLength",
                "data: \u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\uD800\uDC00\uDBFF\uDFFF\n\n",
                data("\u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFF\uD800\uDC00\uDBFF\uDFFF")),
            of("replacementCharactersInTheStreamStayAsTheyAre", "data: \uFFFDa\uFFFD\n\n", data("\uFFFDa\uFFFD")),
            ofRaw("malformedBytesInEveryValue", "event: \u00FF\nid: \u00C3\ndata: \u0080\n: \u00F0\u009F\n\n",
                comment("\uFFFD"), event("\uFFFD", "\uFFFD", "\uFFFD")).lastEventId("\uFFFD"),
            ofRaw("malformedBytesInANameAreAnUnknownField", "data\u00C3: a\n\u0080data: b\n\u00ED\u00A0\u0080\n\n"),
            ofRaw("lineEndIsNotSwallowedByACharacterCutShort", "data: \u00E2\u0082\ndata: \u00F0\u009F\u0098\n\n",
                data("\uFFFD\n\uFFFD")),
            ofRaw("colonIsNotSwallowedByACharacterCutShort", "\u00E2\u0082: a\ndata: b\n\n", data("b"))));
        String[][] malformed = {
            {"loneContinuation", "80", "\uFFFD"},
            {"loneContinuations", "80 BF", "\uFFFD\uFFFD"},
            {"neverAByte", "FE FF", "\uFFFD\uFFFD"},
            {"overlongOfTwo", "C0 80", "\uFFFD\uFFFD"},
            {"overlongSlash", "C1 AF", "\uFFFD\uFFFD"},
            {"overlongOfThree", "E0 80 80", "\uFFFD\uFFFD\uFFFD"},
            {"overlongOfThreeAtItsLast", "E0 9F BF", "\uFFFD\uFFFD\uFFFD"},
            {"overlongOfFour", "F0 80 80 80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"overlongOfFourAtItsLast", "F0 8F BF BF", "\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"aboveTheLastCharacter", "F4 90 80 80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"farAboveTheLastCharacter", "F5 80 80 80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"fiveByteForm", "F8 88 80 80 80", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"firstSurrogate", "ED A0 80", "\uFFFD\uFFFD\uFFFD"},
            {"lastSurrogate", "ED BF BF", "\uFFFD\uFFFD\uFFFD"},
            {"surrogatePair", "ED A0 BD ED B8 80", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
            {"surrogateCutShort", "ED A0", "\uFFFD\uFFFD"},
            {"beforeTheFirstSurrogate", "ED 9F BF", "\uD7FF"},
            {"surrogateNextToGoodCharacters", "ED 9F BF ED A0 80 EE 80 80", "\uD7FF\uFFFD\uFFFD\uFFFD\uE000"},
            {"twoOfThree", "E2 82", "\uFFFD"},
            {"oneOfThree", "E2", "\uFFFD"},
            {"threeOfFour", "F0 9F 98", "\uFFFD"},
            {"twoOfFour", "F0 9F", "\uFFFD"},
            {"oneOfFour", "F4", "\uFFFD"},
            {"oneOfTwo", "C3", "\uFFFD"},
            {"twoOfThreeTwice", "E2 82 E2 82", "\uFFFD\uFFFD"},
            {"threeOfFourBeforeACharacter", "F0 9F 98 C3 A9", "\uFFFD\u00E9"},
            {"oneTooMany", "C3 A9 A9", "\u00E9\uFFFD"},
            {"firstOfTwoBeforeAscii", "C3 28", "\uFFFD("}};
        for (String[] one : malformed) {
            String raw = new String(bytes(one[1]), ISO_8859_1);
            all.add(ofRaw(one[0] + "AtTheEndOfALine", "data: " + raw + "\n\n", data(one[2])));
            all.add(ofRaw(one[0] + "BeforeAscii", "data: " + raw + "z\n\n", data(one[2] + "z")));
        }
        return all;
    }

    private static List<Case> mixtures() {
        return List.of(
            of("nanoleafTouch", "id: 4\ndata: {\"events\":[{\"panelId\":-1,\"gesture\":0}]}\n\n",
                event("message", "4", "{\"events\":[{\"panelId\":-1,\"gesture\":0}]}")).lastEventId("4"),
            of("allAtOnce",
                BOM + ": up\nretry: 250\n\nevent: a\nid: 1\ndata: b\n: still\ndata: c\n\n\nid\ndata: d\n\nfoo\n\n",
                comment("up"), comment("still"), event("a", "1", "b\nc"), data("d")).retry(250));
    }

    /** {@code maxEventBytes} counts the bytes of the values and of the LF between two data lines. */
    private static List<Case> bounds() {
        String nine = "123456789";
        String ten = "1234567890";
        String much = ten.repeat(9);
        SseEvent next = event("message", "", "b");
        String then = "\n\ndata: b\n\n";
        return Stream.of(
            of("dataOfExactlyTheBound", "data: " + ten + then, data(ten), next),
            of("dataOfOneByteMore", "data: " + ten + "+" + then, tooLarge(10), next),
            of("boundIsInBytes", "data: \u20AC\u20AC\u20AC1" + then, data("\u20AC\u20AC\u20AC1"), next),
            of("boundIsNotInCharacters", "data: \u20AC\u20AC\u20AC12" + then, tooLarge(10), next),
            of("dataFarOver", "data: " + much + then, tooLarge(10), next),
            of("nameAndSpacesDoNotCount", BOM + "data: " + ten + then, data(ten), next),
            of("typeOfExactlyTheBound", "event: " + ten + "\ndata" + then, event(ten, "", ""), next),
            of("typeOfExactlyTheBoundBehindAByteOrderMark", BOM + "event: " + ten + "\ndata" + then,
                event(ten, "", ""), next),
            of("typeOfOneByteMore", "event: " + ten + "+\ndata" + then, tooLarge(10), next),
            of("typeFarOver", "event: " + much + "\ndata" + then, tooLarge(10), next),
            of("idOfExactlyTheBound", "id: " + ten + "\ndata\n\nid\ndata: b\n\n", event("message", ten, ""), next),
            of("idOfOneByteMoreIsNotRemembered", "id: " + ten + "+\ndata" + then, tooLarge(10), next),
            of("idFarOverIsNotRemembered", "id: " + much + "\ndata" + then, tooLarge(10), next),
            of("twoLinesAndTheLineFeedBetween", "data: 12345\ndata: 6789" + then, data("12345\n6789"), next),
            of("twoLinesAndTheLineFeedBetweenOneMore", "data: 12345\ndata: 67890" + then, tooLarge(10), next),
            of("emptyLinesCountToo", "data\n".repeat(11) + "\ndata: b\n\n", data("\n".repeat(10)), next),
            of("oneEmptyLineMore", "data\n".repeat(12) + "\ndata: b\n\n", tooLarge(10), next),
            of("manyMoreEmptyLinesAreSaidOnce", "data\n".repeat(50) + "\ndata: b\n\n", tooLarge(10), next),
            of("manyLongLinesAreSaidOnce", ("data: " + much + "\n").repeat(3) + "\ndata: b\n\n", tooLarge(10), next),
            of("dataTypeAndIdCountTogether", "data: 1234\nevent: 567\nid: 890\n\nid\ndata: b\n\n",
                event("567", "890", "1234"), next),
            of("dataTypeAndIdOneMore", "data: 1234\nevent: 567\nid: 8901\n\nid\ndata: b\n\n", tooLarge(10), next),
            of("eachEventCountsAnew", "data: " + ten + "\n\n" + "data: " + ten + "\n\ndata: b\n\n",
                data(ten), data(ten), next),
            of("eachLargeEventIsSaid", ("data: " + much + "\n\n").repeat(2) + "data: b\n\n",
                tooLarge(10), tooLarge(10), next),
            of("blockWithoutDataCountsAnew", "event: " + ten + then, next),
            of("unknownFieldDoesNotCount", "foo: " + ten + "\ndata: " + ten + then, data(ten), next),
            of("unknownFieldFarOverDoesNotCount", "foo: " + much + "\ndata: " + ten + then, data(ten), next),
            of("unknownNameFarOverDoesNotCount", "data: " + ten + "\n" + much + then, data(ten), next),
            of("nameThatOnlyBeginsLikeDataFarOverDoesNotCount", "data" + much + ": a\ndata: " + ten + then,
                data(ten), next),
            of("unknownNameFarOverBehindAByteOrderMarkDoesNotCount", BOM + much + "\ndata: " + ten + then,
                data(ten), next),
            of("retryDoesNotCount", "retry: 1234567890\ndata: " + ten + then, data(ten), next).retry(1234567890),
            of("retryFarOverIsIgnored", "retry: " + much + "\ndata: " + ten + then, data(ten), next),
            of("commentOfExactlyTheBound", ": " + ten + "\n", comment(ten)),
            of("commentOfOneByteMoreIsDropped", ": " + ten + "+\n", tooLarge(10)),
            of("commentFarOverIsDroppedAndTheEventIsNot", "data: " + nine + "\n: " + much + then,
                tooLarge(10), data(nine), next),
            of("commentFarOverBehindAByteOrderMark", BOM + ": " + much + "\ndata: a" + then,
                tooLarge(10), data("a"), next),
            of("eachLargeCommentIsSaid", (":" + much + "\n").repeat(2) + "data: b\n\n",
                tooLarge(10), tooLarge(10), next),
            of("commentInADroppedEventIsHandedOver", "data: " + much + "\n: c" + then,
                tooLarge(10), comment("c"), next),
            of("restOfALongLineIsNoLine", "data: " + ":".repeat(90) + "\n: " + ":".repeat(90) + then,
                tooLarge(10), tooLarge(10), next),
            of("restOfALongUnknownLineIsNoLine", "x" + ":".repeat(95) + "\ndata: a" + then, data("a"), next),
            of("largeCommentInADroppedEventIsSaid", "data: " + much + "\n: " + much + then,
                tooLarge(10), tooLarge(10), next),
            of("typeOfADroppedEventDoesNotReachTheNext", "event: a\ndata: " + much + "\nevent: c" + then,
                tooLarge(10), next),
            of("dataOfADroppedEventDoesNotReachTheNext", "data: a\ndata: " + much + "\ndata: c" + then,
                tooLarge(10), next),
            of("retryOfADroppedEventCounts", "data: " + much + "\nretry: 3" + then, tooLarge(10), next).retry(3),
            of("idBeforeTheLargeLineCounts", "id: 1\ndata: " + much + then, tooLarge(10), event("message", "1", "b"))
                .lastEventId("1"),
            of("idAfterTheLargeLineCounts", "data: " + much + "\nid: 1" + then,
                tooLarge(10), event("message", "1", "b")).lastEventId("1"),
            of("idThatMakesTheEventTooLargeCounts", "data: " + ten + "\nid: 1" + then,
                tooLarge(10), event("message", "1", "b")).lastEventId("1"),
            of("idAfterMoreDataOfADroppedEventCounts", "data: " + much + "\ndata: " + nine + "\nid: 12" + then,
                tooLarge(10), event("message", "12", "b")).lastEventId("12"),
            of("idResetOfADroppedEventCounts", "id\ndata: " + much + then, tooLarge(10), next).after("7"),
            of("largeIdLeavesTheOneBefore", "id: " + much + "\ndata: a" + then,
                tooLarge(10), event("message", "7", "b")).after("7").lastEventId("7"),
            of("unfinishedDroppedEventHasNoId", "id: 1\ndata: " + much + "\n", tooLarge(10)),
            of("idWithNullInADroppedEventIsIgnored", "data: " + much + "\nid: 1\0" + then, tooLarge(10), next),
            of("emptyIdAndTypeDoNotCount", "id\nevent\ndata: " + ten + then, data(ten), next),
            ofRaw("malformedBytesCountAsTheyCame", "data: " + "\u00FF".repeat(10) + then,
                data("\uFFFD".repeat(10)), next))
            .map(one -> one.withAtMost(10))
            .toList();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }
}

import java.time.Duration;
import java.util.Arrays;
import lib.cli.Tool;

/** {@code sse-serve} whose seconds are shorter: TICK-MILLIS MILLIS-TO-FINISH, and then its own arguments. */
@SuppressWarnings("auxiliaryclass")
class QuickServe {
    public static void main(String... args) {
        SseServe serve = new SseServe();
        serve.tick = Duration.ofMillis(Long.parseLong(args[0]));
        serve.timeToFinish = Duration.ofMillis(Long.parseLong(args[1]));
        Tool.main(serve, Arrays.copyOfRange(args, 2, args.length));
    }
}

package lib.cli;

import java.lang.reflect.Proxy;

/** SIGUSR1: "tell how it goes". */
final class UserSignal {
    private UserSignal() {}

    /**
     * Runs the action, on a thread of the system's, whenever the signal comes. Does nothing where there is no such
     * signal, or no way to take it.
     */
    static void onSignal(Runnable action) {
        try {
            // By name, because javac has a warning for sun.misc that nothing switches off.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object runsAction = Proxy.newProxyInstance(UserSignal.class.getClassLoader(), new Class<?>[] {handler},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("handle")) {
                        action.run();
                    }
                    return null;
                });
            Object user1 = signal.getConstructor(String.class).newInstance("USR1");
            signal.getMethod("handle", signal, handler).invoke(null, user1, runsAction);
        } catch (ReflectiveOperationException | RuntimeException notHere) {
            return;
        }
    }
}

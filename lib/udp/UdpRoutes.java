//SOURCES Reason.java UdpRoute.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** The routes to all targets, kept up with what becomes of interfaces, addresses and names. */
final class UdpRoutes {
    private static final long BETWEEN_REFRESHES = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long BETWEEN_LOOKS_AT_INTERFACES = TimeUnit.SECONDS.toNanos(2);
    private static final long BETWEEN_RESOLVES = TimeUnit.SECONDS.toNanos(1);
    /** A name server that does not answer holds up all targets; so it does for a small part of the time only. */
    private static final int REST_AFTER_RESOLVING = 20;

    Consumer<String> notices = message -> {};

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final int multicastTtl;
    private final boolean multicastLoop;

    private volatile List<UdpRoute> all = List.of();
    private long refreshAgain = System.nanoTime();
    private long interfacesAgain = refreshAgain + BETWEEN_LOOKS_AT_INTERFACES;
    private long resolveAgain = refreshAgain;

    /** For the parameters and the exceptions see {@link UdpBroadcaster}. */
    UdpRoutes(List<UdpTarget> targets, UdpSource source, int multicastTtl, boolean multicastLoop) throws IOException {
        this.targets = List.copyOf(targets);
        this.source = source;
        this.multicastTtl = multicastTtl;
        this.multicastLoop = multicastLoop;
        List<UdpRoute> opened = new ArrayList<>();
        try {
            for (UdpTarget target : targets) {
                for (InetSocketAddress address : target.resolve(source)) {
                    UdpRoute route = new UdpRoute(target, address);
                    opened.add(route);
                    openFirst(route);
                }
            }
        } catch (IOException | IllegalArgumentException failure) {
            opened.forEach(UdpRoute::close);
            throw failure;
        }
        all = List.copyOf(opened);
    }

    private void openFirst(UdpRoute route) throws IOException {
        InetSocketAddress from;
        try {
            from = source.bindAddress(route.address.getAddress());
        } catch (IOException noAddress) {
            throw new IllegalArgumentException(
                "target '" + route.target + "': " + noAddress.getMessage(), noAddress);
        }
        try {
            route.open(source, multicastTtl, multicastLoop);
        } catch (BindException inUse) {
            throw new IOException("source " + UdpRoute.text(from) + ": " + Reason.of(inUse), inUse);
        } catch (IOException notNow) {
            route.fails(Reason.of(notNow));
        }
    }

    /** As they are now. */
    List<UdpRoute> all() {
        return all;
    }

    /** Finds out what no send would tell, and opens again what failed. Costs next to nothing if done lately. */
    void refresh() {
        long now = System.nanoTime();
        if (now - refreshAgain < 0) {
            return;
        }
        refreshAgain = now + BETWEEN_REFRESHES;
        all.stream().filter(UdpRoute::isOpen).forEach(UdpRoutes::lookAtLink);
        if (now - interfacesAgain >= 0) {
            targets.stream().filter(UdpTarget::isAll).forEach(this::resolve);
            interfacesAgain = now + BETWEEN_LOOKS_AT_INTERFACES;
        }
        if (now - resolveAgain >= 0) {
            targets.stream().filter(this::fails).forEach(this::resolve);
            long end = System.nanoTime();
            resolveAgain = end + Math.max(BETWEEN_RESOLVES, REST_AFTER_RESOLVING * (end - now));
        }
        all.stream().filter(route -> !route.isOpen()).forEach(this::open);
    }

    private static void lookAtLink(UdpRoute route) {
        try {
            route.checkLink();
        } catch (IOException noLink) {
            route.fails(noLink.getMessage());
        }
    }

    private boolean fails(UdpTarget target) {
        return of(target).stream().anyMatch(route -> route.failure != null);
    }

    private List<UdpRoute> of(UdpTarget target) {
        return all.stream().filter(route -> route.target == target).toList();
    }

    /** Gives a target the routes that it has now; those that it had already stay as they are. */
    private void resolve(UdpTarget target) {
        List<UdpRoute> had = of(target);
        List<InetSocketAddress> addresses;
        try {
            addresses = target.resolve(source);
            boolean wasLoopback = UdpTarget.isLoopback(had.stream().map(route -> route.address).toList());
            if (target.isAll() && UdpTarget.isLoopback(addresses) && !wasLoopback) {
                throw new IOException("no interface but the loopback is up");
            }
        } catch (IOException | IllegalArgumentException notNow) {
            String reason = Reason.of(notNow).replaceFirst("^" + Pattern.quote(target + ": "), "");
            had.forEach(route -> route.fails(reason));
            return;
        }
        List<UdpRoute> has = addresses.stream()
            .map(address -> had.stream().filter(route -> route.address.equals(address)).findFirst()
                .orElseGet(() -> open(new UdpRoute(target, address))))
            .toList();
        if (!has.equals(had)) {
            replace(target, had, has);
        }
    }

    private UdpRoute open(UdpRoute route) {
        try {
            route.open(source, multicastTtl, multicastLoop);
        } catch (IOException | IllegalArgumentException notNow) {
            route.fails(Reason.of(notNow));
        }
        return route;
    }

    private void replace(UdpTarget target, List<UdpRoute> had, List<UdpRoute> has) {
        all = targets.stream().flatMap(one -> (one == target ? has : of(one)).stream()).toList();
        had.stream().filter(route -> !has.contains(route)).forEach(UdpRoute::close);
        notices.accept(target + ": goes to " + String.join(" ",
            has.stream().map(route -> route.address.getAddress().getHostAddress()).toList()) + " now");
    }

    void close() {
        all.forEach(UdpRoute::close);
    }
}
